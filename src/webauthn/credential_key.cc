#include "webauthn/credential_key.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>

#include <algorithm>

#include "crypto/base64url.h"
#include "crypto/library.h"
#include "webauthn/cbor.h"

namespace webauthn {
namespace {

using crypto::Bytes;

// RFC 9053 sections 2 and 7, RFC 8230 section 4.
constexpr int64_t kty = 1, alg = 3;
constexpr int64_t okp = 1, ec2 = 2, rsa = 3;
constexpr int64_t p256 = 1, ed25519 = 6;

bool holds(const cbor::Value& map, int64_t key, int64_t value) {
  const auto* found = map.find(key);
  return found && found->integer() == value;
}

// `"member":"…"` of a JWK; empty when the COSE_Key holds no bytes there.
std::string member(const cbor::Value& cose, int64_t key, std::string_view name) {
  const auto* found = cose.find(key);
  const auto bytes = found ? found->bytes() : std::nullopt;
  return bytes ? "\"" + std::string(name) + "\":\"" + crypto::base64url_encode(*bytes) + "\"" : "";
}

std::string to_jwk(const cbor::Value& cose, int64_t algorithm) {
  const size_t parameters = cose.items.size() / 2;
  if (algorithm == es256 && holds(cose, kty, ec2) && holds(cose, -1, p256) && parameters == 5)
    return R"({"kty":"EC","crv":"P-256",)" + member(cose, -2, "x") + "," + member(cose, -3, "y") + "}";
  if (algorithm == eddsa && holds(cose, kty, okp) && holds(cose, -1, ed25519) && parameters == 4)
    return R"({"kty":"OKP","crv":"Ed25519",)" + member(cose, -2, "x") + "}";
  if (algorithm == rs256 && holds(cose, kty, rsa) && parameters == 4)
    return R"({"kty":"RSA",)" + member(cose, -1, "n") + "," + member(cose, -2, "e") + "}";
  return "";
}

using SignaturePtr = std::unique_ptr<ECDSA_SIG, crypto::Release<ECDSA_SIG_free>>;

// Whether these bytes are how DER writes this signature, and not some other spelling that OpenSSL reads as well.
bool is_der_of(const ECDSA_SIG* signature, Bytes bytes) {
  uint8_t* again = nullptr;
  const int size = i2d_ECDSA_SIG(signature, &again);
  const bool same = size >= 0 && std::ranges::equal(Bytes(again, static_cast<size_t>(size)), bytes);
  OPENSSL_free(again);
  return same;
}

// r ‖ s, as JOSE has it; empty when `der` is no signature. Whether r and s are in range is judged with the key.
std::vector<uint8_t> joined(Bytes der) {
  constexpr int width = 32;
  const uint8_t* at = der.data();
  const SignaturePtr signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  if (!signature || !is_der_of(signature.get(), der)) return ERR_clear_error(), std::vector<uint8_t>{};
  const BIGNUM *r = ECDSA_SIG_get0_r(signature.get()), *s = ECDSA_SIG_get0_s(signature.get());
  if (BN_is_negative(r) || BN_is_negative(s)) return {};
  std::vector<uint8_t> out(size_t{2} * width);
  if (BN_bn2binpad(r, out.data(), width) != width || BN_bn2binpad(s, out.data() + width, width) != width)
    return ERR_clear_error(), std::vector<uint8_t>{};
  return out;
}

}  // namespace

std::optional<CredentialKey> CredentialKey::from_cose(Bytes bytes) {
  const auto cose = cbor::decode(bytes);
  const auto* found = cose ? cose->find(alg) : nullptr;
  const auto algorithm = found ? found->integer() : std::nullopt;
  if (!algorithm) return std::nullopt;
  auto key = crypto::VerifyKey::from_jwk(to_jwk(*cose, *algorithm));
  return key ? std::optional(CredentialKey(*algorithm, *std::move(key))) : std::nullopt;
}

bool CredentialKey::verify(Bytes message, Bytes signature) const {
  if (algorithm_ != es256) return key_.verify(message, signature);
  const auto in_jose = joined(signature);
  return !in_jose.empty() && key_.verify(message, in_jose);
}

}  // namespace webauthn
