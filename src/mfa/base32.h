// Owns: Base32 without padding (RFC 4648 section 6), as people and authenticator apps read seeds.
// Thread rule: pure functions.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "crypto/bytes.h"

namespace mfa {

std::string base32_encode(crypto::Bytes bytes);
// Upper or lower case; '=' at the end, spaces and dashes are passed over. Absent for anything else, and for bits left
// over that are not zero: one value has one spelling.
std::optional<std::string> base32_decode(std::string_view text);

}  // namespace mfa
