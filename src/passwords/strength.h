// Owns: how hard a text is to guess, by zxcvbn without words of its user.
// Does not own: how much is asked for (policy.h, signing_secret.h).
// Thread rule: pure functions; at most a millisecond for any input.
#pragma once
#include <string_view>

namespace passwords {

// The binary logarithm of the guesses needed.
double guess_bits(std::string_view text);

// 0 to 4: below 10^3, 10^6, 10^8, 10^10 guesses, and more.
int strength(std::string_view text);

}  // namespace passwords
