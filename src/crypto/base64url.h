// Owns: base64url without padding (RFC 4648 section 5, RFC 7515 section 2) and lower-case hexadecimal.
// Does not own: what the bytes mean.
// Thread rule: pure functions. Not constant in time: for public values.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/bytes.h"

namespace crypto {

std::string base64url_encode(Bytes bytes);
void append_base64url(std::string& out, Bytes bytes);

// Exactly one spelling of each value is accepted: absent when there is padding, white space, another alphabet, an
// impossible length, or a last character whose unused bits are not zero.
std::optional<std::vector<uint8_t>> base64url_decode(std::string_view text);
// The same, for values that are text.
std::optional<std::string> base64url_decode_text(std::string_view text);

std::string hex_encode(Bytes bytes);
// Absent unless `text` is pairs of 0-9 a-f.
std::optional<std::vector<uint8_t>> hex_decode(std::string_view text);

}  // namespace crypto
