// Owns: which new passwords are accepted.
// Does not own: hashing them (hasher.h), or checking one at sign-in: what was accepted once stays usable.
// Thread rule: pure functions; about a millisecond.
#pragma once
#include "core/result.h"
#include "crypto/secret.h"

namespace passwords {

// What an attacker who knows the account would try.
struct OwnWords {
  std::string_view email, first_name, last_name;
};

inline constexpr size_t shortest = 8, longest = 256;  // in code points

// `password` exactly as it was received. Error: password_rejected with one entry in `fields`, whose field is `field`
// and whose code is too_short, too_long, too_common, own_words or too_weak: the first rule that it breaks, in this
// order.
core::Result<> check(const crypto::Secret& password, const OwnWords& own, int64_t min_strength, std::string_view field);

}  // namespace passwords
