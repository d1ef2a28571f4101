// Owns: argon2id (RFC 9106), written and read as PHC strings.
// Does not own: password policy, or the threads that pay for hashing (about 10 ms each at the default cost).
// Thread rule: functions are safe from any thread; each call holds its own `memory_kib`.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "crypto/hash_text.h"
#include "crypto/secret.h"

namespace crypto {

struct Argon2Cost {
  int64_t memory_kib = 19456;
  int64_t passes = 2;
};

// What verify_password() is willing to pay for a stored hash: memory, and memory times passes.
inline constexpr int64_t argon2_max_memory_kib = 256 * 1024;
inline constexpr int64_t argon2_max_work_kib = 1024 * 1024;

// "$argon2id$v=19$m=…,t=…,p=1$salt$hash" with a fresh salt of 16 bytes. A password is any bytes, NUL included.
// `internal` when the cost is outside the limits above or below 8 KiB and one pass, or memory is exhausted.
core::Result<std::string> hash_password(const Secret& password, Argon2Cost cost);

// The same form with a random salt and a random hash, which no password has: it costs nothing to make, and to verify
// anything by it costs what a real one costs. `internal` when the cost is out of those limits.
core::Result<std::string> create_unmatched_hash(Argon2Cost cost);

// Why verify_password() would refuse `phc` whatever the password; absent when it would not.
std::optional<HashProblem> problem_of(std::string_view phc);

// argon2id and argon2i of version 19, with any number of lanes. False for anything else, also for parameters above
// the limits, which are refused before any memory is taken.
bool verify_password(std::string_view phc, const Secret& password);

// Whether `phc` is anything but argon2id with one lane at exactly this cost.
bool needs_rehash(std::string_view phc, Argon2Cost cost);

}  // namespace crypto
