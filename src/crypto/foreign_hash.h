// Owns: password hashes that other systems made: which are understood, what they may cost, how a password is compared.
// Does not own: new hashes (password_hash.h), where these come from (imports/).
// Thread rule: pure functions; a verifier is safe from any thread and holds its own memory while it runs.
//
// A stored hash says by its beginning what it is. The limits keep one comparison below 256 MiB and, on the machines of
// docs/benchmarks.md, in the order of two seconds.
#pragma once
#include <expected>
#include <functional>
#include <string_view>

#include "crypto/hash_text.h"
#include "crypto/secret.h"

namespace crypto {

// Whether it is the password of the hash that it was read from. Compares in constant time.
using HashVerifier = std::function<bool(const Secret& password)>;
using ReadHash = std::expected<HashVerifier, HashProblem>;

inline constexpr size_t foreign_hash_max_size = 1024;

// Reads any hash that may be stored, argon2id among them. What is read here can be verified.
ReadHash read_hash(std::string_view text);

}  // namespace crypto
