// Owns: what ES256 and RS256 have in common: an EVP_PKEY, prepared once, that signs and verifies SHA-256 digests.
// Does not own: the form of signatures and JWK members (key_es256.cc, key_rs256.cc).
// Thread rule: immutable after construction; each call works on its own copy of the prepared context.
#pragma once
#include <openssl/param_build.h>

#include "crypto/key.h"
#include "crypto/library.h"

namespace crypto {

class EvpKey {
 public:
  enum class Use { verify, sign_and_verify };
  // `internal` when OpenSSL does not accept the key for this use.
  static core::Result<std::shared_ptr<const EvpKey>> create(KeyPtr key, Use use);

  bool verify_digest(Bytes digest, Bytes signature) const;
  core::Result<std::vector<uint8_t>> sign_digest(Bytes digest) const;
  Secret pkcs8() const;
  // A number of the key in big-endian bytes without leading zeros, or with them up to `width`.
  std::vector<uint8_t> number(const char* parameter, size_t width = 0) const;
  int bits() const { return EVP_PKEY_get_bits(key_.get()); }

 private:
  KeyPtr key_;
  KeyContextPtr verify_, sign_;  // initialised; only ever duplicated
};
using EvpKeyPtr = std::shared_ptr<const EvpKey>;

using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Release<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Release<OSSL_PARAM_free>>;

// A public key of `type` ("EC", "RSA") from its numbers.
core::Result<KeyPtr> public_key_from(const char* type, const OSSL_PARAM* params);
// A private key of `type` from its PKCS#8 DER, all of it.
core::Result<KeyPtr> private_key_from(const char* type, const Secret& pkcs8);

}  // namespace crypto
