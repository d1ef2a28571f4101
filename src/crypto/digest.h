// Owns: SHA-256, HMAC-SHA-256, HKDF, the keyed digest of the hot path, comparison in constant time.
// Does not own: passwords (password_hash.h), signatures (jwk.h).
// Thread rule: functions and const objects are safe from any thread; OpenSSL contexts are kept per thread.
#pragma once
#include <array>
#include <cstdint>
#include <initializer_list>

#include "core/result.h"
#include "crypto/bytes.h"
#include "crypto/random.h"
#include "crypto/secret.h"

namespace crypto {

using Digest256 = std::array<uint8_t, 32>;
using Digest128 = std::array<uint8_t, 16>;

Digest256 sha256(Bytes data);
// 40 upper-case digits. SHA-1 protects nothing any more: only for services that know passwords by it.
std::string sha1_hex(Bytes data);
inline Digest256 sha256(std::string_view text) { return sha256(as_bytes(text)); }

// RFC 2104 with SHA-256, over the parts as if they were one. The caller separates parts of changing length.
Digest256 hmac_sha256(Bytes key, std::initializer_list<Bytes> parts);
inline Digest256 hmac_sha256(Bytes key, Bytes data) { return hmac_sha256(key, {data}); }

// The same with a key that is used often: a thread that repeats it pays for the data alone.
class HmacKey {
 public:
  explicit HmacKey(Secret key);
  Digest256 operator()(std::initializer_list<Bytes> parts) const;
  Digest256 operator()(Bytes data) const { return (*this)({data}); }

 private:
  Secret key_;
  uint64_t serial_;  // which key a thread's context holds; never given out twice
};

// Whether both are the same bytes; the time depends on the sizes alone.
bool equal(Bytes a, Bytes b);
inline bool equal(std::string_view a, std::string_view b) { return equal(as_bytes(a), as_bytes(b)); }

// HKDF-SHA-256 (RFC 5869), extract and expand. `internal` when `size` is 0 or above 255 * 32 bytes.
core::Result<Secret> hkdf_sha256(Bytes key, Bytes salt, std::string_view label, size_t size);

// SipHash-2-4-128 under a key that dies with the process: names a token in memory. Never stored, never sent.
class KeyedDigest {
 public:
  explicit KeyedDigest(Random& random) { random.fill(key_); }
  Digest128 operator()(std::string_view text) const;

 private:
  std::array<uint8_t, 16> key_;
};

}  // namespace crypto
