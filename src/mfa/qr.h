// Owns: a text as a QR code (ISO/IEC 18004), to be scanned off a screen.
// Thread rule: pure functions.
#pragma once
#include <string>

#include "crypto/secret.h"

namespace mfa {

// An SVG document with a quiet zone, black on white, without size, so that it fills what it is put into. `text` has at
// most 1,000 bytes.
crypto::Secret qr_svg(const crypto::Secret& text);

}  // namespace mfa
