// Owns: which texts are refused as the key of HS256 (tokens.secret, JWT_SECRET).
// Does not own: signing (tokens/).
// Thread rule: pure functions.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace passwords {

// Why `secret` can be guessed, as the end of a sentence that begins with its name; absent when nothing speaks against
// it.
std::optional<std::string> weakness_of_signing_secret(std::string_view secret);

}  // namespace passwords
