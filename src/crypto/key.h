// Owns: what each signature algorithm must be able to do, and where each one is made.
// Does not own: names, key ids and the JSON around a key (jwk.h). For the .cc files of this folder only.
// Thread rule: keys are immutable and safe from any thread.
#pragma once
#include <boost/json/object.hpp>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "crypto/bytes.h"
#include "crypto/random.h"
#include "crypto/secret.h"

namespace crypto {

class PublicKey {
 public:
  virtual ~PublicKey() = default;
  virtual bool verify(Bytes input, Bytes signature) const = 0;
  // The required members in the order of RFC 7638 section 3, as JSON without white space; empty for HS256.
  virtual std::string thumbprint_json() const = 0;
  virtual std::string kid() const;  // the thumbprint
};

class PrivateKey {
 public:
  virtual ~PrivateKey() = default;
  virtual core::Result<std::vector<uint8_t>> sign(Bytes input) const = 0;
  virtual Secret serialise() const = 0;
  virtual std::shared_ptr<const PublicKey> public_key() const = 0;
};

using PrivateKeyPtr = std::unique_ptr<const PrivateKey>;
using PublicKeyPtr = std::shared_ptr<const PublicKey>;

// One set per algorithm; errors are `internal` with a cause.
core::Result<PrivateKeyPtr> generate_es256(Random& random);
core::Result<PrivateKeyPtr> read_es256(const Secret& pkcs8);
core::Result<PublicKeyPtr> es256_from_jwk(const boost::json::object& jwk);

core::Result<PrivateKeyPtr> generate_rs256(Random& random);
core::Result<PrivateKeyPtr> read_rs256(const Secret& pkcs8);
core::Result<PublicKeyPtr> rs256_from_jwk(const boost::json::object& jwk);

core::Result<PrivateKeyPtr> generate_eddsa(Random& random);
core::Result<PrivateKeyPtr> read_eddsa(const Secret& seed);
core::Result<PublicKeyPtr> eddsa_from_jwk(const boost::json::object& jwk);

core::Result<PrivateKeyPtr> generate_hs256(Random& random);
core::Result<PrivateKeyPtr> read_hs256(const Secret& secret);
core::Result<PublicKeyPtr> hs256_from_jwk(const boost::json::object& jwk);

// The bytes of a base64url member; an error when it is absent, no string, or not strict base64url.
core::Result<std::vector<uint8_t>> bytes_member(const boost::json::object& jwk, std::string_view member);

inline std::unexpected<core::Error> bad_key(std::string cause) {
  return core::fail_because(core::Code::internal, "key: " + std::move(cause));
}

}  // namespace crypto
