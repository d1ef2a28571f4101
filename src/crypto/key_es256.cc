// ES256: ECDSA on P-256 with SHA-256 (RFC 7518 section 3.4).
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>

#include <array>

#include "crypto/base64url.h"
#include "crypto/digest.h"
#include "crypto/key_evp.h"

namespace crypto {
namespace {

constexpr size_t field_size = 32;
constexpr size_t signature_size = 2 * field_size;
constexpr size_t max_der_size = 2 + 2 * (2 + 1 + field_size);
constexpr char group[] = "prime256v1";

using SignaturePtr = std::unique_ptr<ECDSA_SIG, Release<ECDSA_SIG_free>>;

// OpenSSL speaks DER, JOSE r ‖ s.
std::vector<uint8_t> to_der(Bytes joined) {
  const SignaturePtr signature(ECDSA_SIG_new());
  must(signature != nullptr, "ECDSA_SIG_new");
  BIGNUM* r = BN_bin2bn(joined.data(), field_size, nullptr);
  BIGNUM* s = BN_bin2bn(joined.data() + field_size, field_size, nullptr);
  must(r && s && ECDSA_SIG_set0(signature.get(), r, s) == 1, "ECDSA_SIG_set0");
  std::vector<uint8_t> out(max_der_size);
  uint8_t* at = out.data();
  const int size = i2d_ECDSA_SIG(signature.get(), &at);
  must(size > 0, "i2d_ECDSA_SIG");
  out.resize(static_cast<size_t>(size));
  return out;
}

std::vector<uint8_t> from_der(Bytes der) {
  const uint8_t* at = der.data();
  const SignaturePtr signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  must(signature != nullptr, "d2i_ECDSA_SIG");
  std::vector<uint8_t> out(signature_size);
  must(BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out.data(), field_size) == field_size, "r");
  must(BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out.data() + field_size, field_size) == field_size, "s");
  return out;
}

class Es256PublicKey final : public PublicKey {
 public:
  explicit Es256PublicKey(EvpKeyPtr key) : key_(std::move(key)) {}

  bool verify(Bytes input, Bytes signature) const override {
    if (signature.size() != signature_size) return false;
    return key_->verify_digest(sha256(input), to_der(signature));
  }

  std::string thumbprint_json() const override {
    return R"({"crv":"P-256","kty":"EC","x":")" + coordinate(OSSL_PKEY_PARAM_EC_PUB_X) + R"(","y":")" +
           coordinate(OSSL_PKEY_PARAM_EC_PUB_Y) + R"("})";
  }

 private:
  std::string coordinate(const char* parameter) const { return base64url_encode(key_->number(parameter, field_size)); }
  EvpKeyPtr key_;
};

class Es256PrivateKey final : public PrivateKey {
 public:
  explicit Es256PrivateKey(EvpKeyPtr key) : key_(std::move(key)) {}
  core::Result<std::vector<uint8_t>> sign(Bytes input) const override {
    return from_der(TRY(key_->sign_digest(sha256(input))));
  }
  Secret serialise() const override { return key_->pkcs8(); }
  PublicKeyPtr public_key() const override { return std::make_shared<Es256PublicKey>(key_); }

 private:
  EvpKeyPtr key_;
};

core::Result<PrivateKeyPtr> private_key(KeyPtr key) {
  return std::make_unique<Es256PrivateKey>(TRY(EvpKey::create(std::move(key), EvpKey::Use::sign_and_verify)));
}

bool is_p256(EVP_PKEY* key) {
  char name[32];
  return EVP_PKEY_get_group_name(key, name, sizeof name, nullptr) == 1 && std::string_view(name) == group;
}

}  // namespace

core::Result<PrivateKeyPtr> generate_es256(Random&) {
  KeyPtr key(EVP_EC_gen(group));
  if (!key) return bad_key("OpenSSL cannot generate one");
  return private_key(std::move(key));
}

core::Result<PrivateKeyPtr> read_es256(const Secret& pkcs8) {
  KeyPtr key = TRY(private_key_from("EC", pkcs8));
  if (!is_p256(key.get())) return bad_key("not on P-256");
  return private_key(std::move(key));
}

// That the point is on the curve is checked by OpenSSL when it decodes it.
core::Result<PublicKeyPtr> es256_from_jwk(const boost::json::object& jwk) {
  const auto x = TRY(bytes_member(jwk, "x"));
  const auto y = TRY(bytes_member(jwk, "y"));
  if (x.size() != field_size || y.size() != field_size) return bad_key("a coordinate is not 32 bytes");
  std::vector<uint8_t> point{POINT_CONVERSION_UNCOMPRESSED};
  point.insert(point.end(), x.begin(), x.end());
  point.insert(point.end(), y.begin(), y.end());

  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  must(builder && OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, group, 0) == 1 &&
           OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) == 1,
       "OSSL_PARAM_BLD");
  const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  must(params != nullptr, "OSSL_PARAM_BLD_to_param");
  KeyPtr key = TRY(public_key_from("EC", params.get()));
  return std::make_shared<Es256PublicKey>(TRY(EvpKey::create(std::move(key), EvpKey::Use::verify)));
}

}  // namespace crypto
