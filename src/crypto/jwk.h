// Owns: the keys that sign and verify, and their public form (RFC 7517, RFC 7518 section 6, RFC 8037, RFC 7638).
// Does not own: tokens (jws.h, tokens/), rotation and storage of keys.
// Thread rule: keys are immutable; sign() and verify() are safe from any thread at once.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "crypto/bytes.h"
#include "crypto/random.h"
#include "crypto/secret.h"

namespace crypto {

// RFC 7518 section 3.1; EdDSA is Ed25519 only (RFC 8037 section 3.1).
enum class Algorithm { ES256, EdDSA, RS256, HS256 };

// As in the `alg` member.
std::string_view name(Algorithm algorithm);
// Exactly one of the names, in exactly that spelling; anything else ("none" above all) is absent.
std::optional<Algorithm> parse_algorithm(std::string_view name);

class PublicKey;   // key.h
class PrivateKey;  // key.h

// Verifies signatures of exactly one algorithm. Copies share the key.
class VerifyKey {
 public:
  // A public JWK (EC P-256, OKP Ed25519, RSA of 2048 to 4096 bits). `internal`, with the reason as cause, when it
  // holds private or symmetric members, its use, key_ops or alg is not that of a key that verifies, or its numbers
  // are no sound key (point not on the curve, weak RSA modulus or exponent). Unknown members are ignored.
  static core::Result<VerifyKey> from_jwk(std::string_view json);
  // A symmetric JWK (kty oct) of at least 32 bytes, for HS256. Only for keys from a trusted place.
  static core::Result<VerifyKey> from_symmetric_jwk(std::string_view json);

  Algorithm algorithm() const { return algorithm_; }
  // The `kid` of the JWK, or what SigningKey::kid() says.
  const std::string& kid() const { return kid_; }
  // JOSE form: ES256 is r ‖ s of exactly 64 bytes (RFC 7518 section 3.4), neither of them 0 or beyond the order.
  bool verify(Bytes input, Bytes signature) const;
  // The public JWK with kid, alg and use. Empty for HS256, which has no public part.
  std::string public_jwk() const;

 private:
  friend class SigningKey;
  VerifyKey(Algorithm algorithm, std::string kid, std::shared_ptr<const PublicKey> key)
      : algorithm_(algorithm), kid_(std::move(kid)), key_(std::move(key)) {}
  Algorithm algorithm_;
  std::string kid_;
  std::shared_ptr<const PublicKey> key_;
};

// The keys of a JWK Set (RFC 7517 section 5) that from_jwk() accepts; the others are left out, as the RFC asks.
// `internal` when it is no key set, holds private or symmetric keys, or the same kid twice.
core::Result<std::vector<VerifyKey>> parse_key_set(std::string_view json);

class SigningKey {
 public:
  // RS256 keys have 3072 bits (some 100 ms). The numbers of ES256 and RS256 keys come from OpenSSL's own generator,
  // those of EdDSA and HS256 from `random`.
  static core::Result<SigningKey> generate(Algorithm algorithm, Random& random);
  // What private_bytes() gave, or for HS256 any secret. `internal` when it is not such a key, an RSA key has under
  // 2048 bits, or a secret for HS256 has under 32 bytes.
  static core::Result<SigningKey> from_private(Algorithm algorithm, const Secret& serialised);

  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  ~SigningKey();

  Algorithm algorithm() const { return verify_key_.algorithm(); }
  // The RFC 7638 thumbprint in base64url; for HS256 a fingerprint that says no more than a signature does.
  const std::string& kid() const { return verify_key_.kid(); }
  // PKCS#8 DER for ES256 and RS256, the 32-byte seed for EdDSA, the secret itself for HS256. To be sealed (seal.h).
  Secret private_bytes() const;
  // In JOSE form, see VerifyKey::verify. `internal` when OpenSSL fails.
  core::Result<std::vector<uint8_t>> sign(Bytes input) const;
  std::string public_jwk() const { return verify_key_.public_jwk(); }
  const VerifyKey& verify_key() const { return verify_key_; }

 private:
  SigningKey(VerifyKey verify_key, std::unique_ptr<const PrivateKey> key);
  static SigningKey of(Algorithm algorithm, std::unique_ptr<const PrivateKey> key);
  VerifyKey verify_key_;
  std::unique_ptr<const PrivateKey> key_;
};

}  // namespace crypto
