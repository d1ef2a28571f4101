// EdDSA: Ed25519 (RFC 8032, RFC 8037), by libsodium, which is twice as fast here as OpenSSL 3.0.
#include <sodium.h>

#include <array>

#include "crypto/base64url.h"
#include "crypto/key.h"
#include "crypto/library.h"

namespace crypto {
namespace {

using Point = std::array<uint8_t, crypto_sign_PUBLICKEYBYTES>;

class EddsaPublicKey final : public PublicKey {
 public:
  explicit EddsaPublicKey(const Point& point) : point_(point) {}

  bool verify(Bytes input, Bytes signature) const override {
    return signature.size() == crypto_sign_BYTES &&
           crypto_sign_verify_detached(signature.data(), input.data(), input.size(), point_.data()) == 0;
  }

  std::string thumbprint_json() const override {
    return R"({"crv":"Ed25519","kty":"OKP","x":")" + base64url_encode(point_) + R"("})";
  }

 private:
  Point point_;
};

class EddsaPrivateKey final : public PrivateKey {
 public:
  explicit EddsaPrivateKey(const Secret& seed) : seed_(seed) {
    std::array<uint8_t, crypto_sign_SECRETKEYBYTES> expanded;
    must(crypto_sign_seed_keypair(point_.data(), expanded.data(), seed.bytes().data()) == 0, "Ed25519 key");
    expanded_ = Secret(Bytes(expanded));
    sodium_memzero(expanded.data(), expanded.size());
  }

  core::Result<std::vector<uint8_t>> sign(Bytes input) const override {
    std::vector<uint8_t> out(crypto_sign_BYTES);
    crypto_sign_detached(out.data(), nullptr, input.data(), input.size(), expanded_.bytes().data());
    return out;
  }
  Secret serialise() const override { return seed_; }
  PublicKeyPtr public_key() const override { return std::make_shared<EddsaPublicKey>(point_); }

 private:
  Secret seed_, expanded_;
  Point point_;
};

}  // namespace

core::Result<PrivateKeyPtr> generate_eddsa(Random& random) {
  std::string seed(crypto_sign_SEEDBYTES, '\0');
  random.fill({reinterpret_cast<uint8_t*>(seed.data()), seed.size()});
  return read_eddsa(Secret(std::move(seed)));
}

core::Result<PrivateKeyPtr> read_eddsa(const Secret& seed) {
  start_sodium();
  if (seed.size() != crypto_sign_SEEDBYTES) return bad_key("the seed is not 32 bytes");
  return std::make_unique<EddsaPrivateKey>(seed);
}

core::Result<PublicKeyPtr> eddsa_from_jwk(const boost::json::object& jwk) {
  start_sodium();
  const auto x = TRY(bytes_member(jwk, "x"));
  Point point;
  if (x.size() != point.size()) return bad_key("x is not 32 bytes");
  std::copy(x.begin(), x.end(), point.begin());
  if (crypto_core_ed25519_is_valid_point(point.data()) != 1) return bad_key("the point is not sound");
  return std::make_shared<EddsaPublicKey>(point);
}

}  // namespace crypto
