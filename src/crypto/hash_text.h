// Owns: reading the pieces that written password hashes are made of.
// Does not own: what the pieces mean (password_hash.h, foreign_hash.h).
// Thread rule: pure functions.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crypto {

// Why a written hash is of no use here.
enum class HashProblem {
  unknown,     // no format that is understood
  malformed,   // of a known format, but not as it is written there
  too_costly,  // asks for more memory or time than is paid for a stored hash
};

// Removes `prefix`; false when `text` begins otherwise.
bool take(std::string_view& text, std::string_view prefix);
// A decimal number without sign or leading zero, below 2^31.
std::optional<int64_t> take_number(std::string_view& text);
// The whole of `text` as such a number.
std::optional<int64_t> read_number(std::string_view text);
// "a$b" is two pieces, "" is one.
std::vector<std::string_view> split(std::string_view text, char separator);
// Standard base64, with all of its padding or with none. One spelling of each value, as base64url.h has it.
std::optional<std::string> read_base64(std::string_view text);

}  // namespace crypto
