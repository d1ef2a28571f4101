// Owns: the public key of a credential: a COSE_Key (RFC 9052 section 7, RFC 9053), and signatures as WebAuthn has them.
// Does not own: the arithmetic (crypto/jwk.h).
// Thread rule: values; safe from any thread.
#pragma once
#include "crypto/jwk.h"

namespace webauthn {

// COSEAlgorithmIdentifier, of the IANA COSE registry.
inline constexpr int64_t es256 = -7, eddsa = -8, rs256 = -257;
// The order in which authenticators are asked for them.
inline constexpr int64_t algorithms[] = {es256, eddsa, rs256};

class CredentialKey {
 public:
  // EC2 on P-256, OKP on Ed25519, RSA of 2048 to 4096 bits, each with its algorithm and, as WebAuthn section 6.5.1.1
  // asks, with no further parameter. Absent when it is anything else, or its numbers are no sound key.
  static std::optional<CredentialKey> from_cose(crypto::Bytes cose);

  int64_t algorithm() const { return algorithm_; }
  // ES256 signatures are DER in its one form (WebAuthn section 6.5.5), the others as in JOSE.
  bool verify(crypto::Bytes message, crypto::Bytes signature) const;

 private:
  CredentialKey(int64_t algorithm, crypto::VerifyKey key) : algorithm_(algorithm), key_(std::move(key)) {}
  int64_t algorithm_;
  crypto::VerifyKey key_;
};

}  // namespace webauthn
