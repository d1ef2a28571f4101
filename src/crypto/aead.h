// Owns: AES-256-GCM with 96-bit nonces and 128-bit tags (NIST SP 800-38D).
// Does not own: keys, nonces and formats (seal.h).
// Thread rule: pure functions.
#pragma once
#include <optional>
#include <vector>

#include "crypto/bytes.h"
#include "crypto/secret.h"

namespace crypto {

inline constexpr size_t aead_key_size = 32, aead_nonce_size = 12, aead_tag_size = 16;

// Ciphertext followed by its tag. `key` and `nonce` have the sizes above; a nonce is used once per key.
std::vector<uint8_t> aead_encrypt(Bytes key, Bytes nonce, Bytes associated, Bytes plaintext);

// Absent when anything of it was changed, or `key` and `nonce` do not have the sizes above.
std::optional<Secret> aead_decrypt(Bytes key, Bytes nonce, Bytes associated, Bytes ciphertext_and_tag);

}  // namespace crypto
