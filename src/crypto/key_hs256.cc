// HS256: HMAC with SHA-256 (RFC 7518 section 3.2).
#include "crypto/base64url.h"
#include "crypto/digest.h"
#include "crypto/key.h"

namespace crypto {
namespace {

constexpr size_t min_size = 32;  // RFC 7518 section 3.2: at least as long as the hash
constexpr std::string_view kid_input = "usher key id";

class Hs256PublicKey final : public PublicKey {
 public:
  explicit Hs256PublicKey(const Secret& secret) : mac_(secret) {}
  bool verify(Bytes input, Bytes signature) const override { return equal(mac_(input), signature); }
  std::string thumbprint_json() const override { return {}; }
  // A hash of the secret alone could be looked up; this is one more signature.
  std::string kid() const override { return base64url_encode(Bytes(mac_(as_bytes(kid_input))).first(16)); }
  Digest256 mac(Bytes input) const { return mac_(input); }

 private:
  HmacKey mac_;
};

class Hs256PrivateKey final : public PrivateKey {
 public:
  explicit Hs256PrivateKey(const Secret& secret) : secret_(secret), key_(std::make_shared<Hs256PublicKey>(secret)) {}
  core::Result<std::vector<uint8_t>> sign(Bytes input) const override {
    const Digest256 mac = key_->mac(input);
    return std::vector<uint8_t>(mac.begin(), mac.end());
  }
  Secret serialise() const override { return secret_; }
  PublicKeyPtr public_key() const override { return key_; }

 private:
  Secret secret_;
  std::shared_ptr<const Hs256PublicKey> key_;
};

}  // namespace

core::Result<PrivateKeyPtr> generate_hs256(Random& random) {
  std::string secret(min_size, '\0');
  random.fill({reinterpret_cast<uint8_t*>(secret.data()), secret.size()});
  return read_hs256(Secret(std::move(secret)));
}

core::Result<PrivateKeyPtr> read_hs256(const Secret& secret) {
  if (secret.size() < min_size) return bad_key("a secret for HS256 has under 32 bytes");
  return std::make_unique<Hs256PrivateKey>(secret);
}

core::Result<PublicKeyPtr> hs256_from_jwk(const boost::json::object& jwk) {
  const Secret secret{Bytes(TRY(bytes_member(jwk, "k")))};
  if (secret.size() < min_size) return bad_key("a secret for HS256 has under 32 bytes");
  return std::make_shared<Hs256PublicKey>(secret);
}

}  // namespace crypto
