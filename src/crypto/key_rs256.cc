// RS256: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3).
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <algorithm>

#include "crypto/base64url.h"
#include "crypto/digest.h"
#include "crypto/key_evp.h"

namespace crypto {
namespace {

constexpr unsigned generated_bits = 3072;
constexpr int min_bits = 2048, max_bits = 4096;

class Rs256PublicKey final : public PublicKey {
 public:
  explicit Rs256PublicKey(EvpKeyPtr key) : key_(std::move(key)) {}

  bool verify(Bytes input, Bytes signature) const override { return key_->verify_digest(sha256(input), signature); }

  std::string thumbprint_json() const override {
    return R"({"e":")" + base64url_encode(key_->number(OSSL_PKEY_PARAM_RSA_E)) + R"(","kty":"RSA","n":")" +
           base64url_encode(key_->number(OSSL_PKEY_PARAM_RSA_N)) + R"("})";
  }

 private:
  EvpKeyPtr key_;
};

class Rs256PrivateKey final : public PrivateKey {
 public:
  explicit Rs256PrivateKey(EvpKeyPtr key) : key_(std::move(key)) {}
  core::Result<std::vector<uint8_t>> sign(Bytes input) const override { return key_->sign_digest(sha256(input)); }
  Secret serialise() const override { return key_->pkcs8(); }
  PublicKeyPtr public_key() const override { return std::make_shared<Rs256PublicKey>(key_); }

 private:
  EvpKeyPtr key_;
};

core::Result<PrivateKeyPtr> private_key(KeyPtr key) {
  return std::make_unique<Rs256PrivateKey>(TRY(EvpKey::create(std::move(key), EvpKey::Use::sign_and_verify)));
}

bool is_power_of_65537(unsigned long residue, unsigned long prime) {
  unsigned long power = 1;
  do {
    if (power == residue) return true;
    power = power * 65537 % prime;
  } while (power != 1);
  return false;
}

// CVE-2017-15361: keys of one smart-card library can be factored. Their modulus is a power of 65537 modulo every
// small prime; of sound keys one in about 10^8 is.
bool is_roca_weak(const BIGNUM* modulus) {
  static constexpr unsigned long primes[] = {11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157};
  return std::ranges::all_of(primes, [&](auto prime) { return is_power_of_65537(BN_mod_word(modulus, prime), prime); });
}

core::Result<> check_modulus(const BIGNUM* n) {
  if (BN_num_bits(n) < min_bits || BN_num_bits(n) > max_bits) return bad_key("the modulus has not 2048 to 4096 bits");
  if (!BN_is_odd(n)) return bad_key("the modulus is even");
  if (is_roca_weak(n)) return bad_key("the modulus is weak (ROCA)");
  return {};
}

core::Result<> check_exponent(const BIGNUM* e) {
  if (!BN_is_odd(e) || BN_is_one(e) || BN_num_bits(e) > 32) return bad_key("the exponent is not odd and 3 to 2^32");
  return {};
}

// RFC 7518 section 2, Base64urlUInt: as few octets as possible.
core::Result<NumberPtr> number_member(const boost::json::object& jwk, std::string_view member) {
  const auto bytes = TRY(bytes_member(jwk, member));
  if (bytes.empty() || bytes[0] == 0) return bad_key("a number is empty or starts with zero");
  NumberPtr number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  must(number != nullptr, "BN_bin2bn");
  return number;
}

}  // namespace

core::Result<PrivateKeyPtr> generate_rs256(Random&) {
  KeyPtr key(EVP_RSA_gen(generated_bits));
  if (!key) return bad_key("OpenSSL cannot generate one");
  return private_key(std::move(key));
}

core::Result<PrivateKeyPtr> read_rs256(const Secret& pkcs8) {
  KeyPtr key = TRY(private_key_from("RSA", pkcs8));
  const int bits = EVP_PKEY_get_bits(key.get());
  if (bits < min_bits || bits > max_bits) return bad_key("the modulus has not 2048 to 4096 bits");
  return private_key(std::move(key));
}

core::Result<PublicKeyPtr> rs256_from_jwk(const boost::json::object& jwk) {
  const NumberPtr n = TRY(number_member(jwk, "n"));
  const NumberPtr e = TRY(number_member(jwk, "e"));
  if (auto sound = check_modulus(n.get()); !sound) return std::unexpected(sound.error());
  if (auto sound = check_exponent(e.get()); !sound) return std::unexpected(sound.error());

  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  must(builder && OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
           OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1,
       "OSSL_PARAM_BLD");
  const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  must(params != nullptr, "OSSL_PARAM_BLD_to_param");
  KeyPtr key = TRY(public_key_from("RSA", params.get()));
  return std::make_shared<Rs256PublicKey>(TRY(EvpKey::create(std::move(key), EvpKey::Use::verify)));
}

}  // namespace crypto
