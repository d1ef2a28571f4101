// Owns: recovery codes: what they look like and how they are kept.
// Does not own: the rows (factor_store.h).
// Thread rule: pure functions on values.
#pragma once
#include <vector>

#include "accounts/user.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "crypto/secret.h"

namespace mfa {

inline constexpr size_t recovery_codes = 10;

// "abcd-efgh-ijkl-mnop": 80 random bits in Base32, which has no 0, 1, 8 and 9 to confuse.
crypto::Secret create_recovery_code(crypto::Random& random);

// As typed by a person: case, spaces and dashes do not matter. Absent when it cannot be one.
std::optional<crypto::Secret> read_recovery_code(std::string_view text);

// What is stored, bound to its user and useless without the server's key.
crypto::Digest256 hash_recovery_code(const crypto::HmacKey& key, accounts::UserId user, const crypto::Secret& code);

}  // namespace mfa
