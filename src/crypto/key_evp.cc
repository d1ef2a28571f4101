#include "crypto/key_evp.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

namespace crypto {
namespace {

using Pkcs8Ptr = std::unique_ptr<PKCS8_PRIV_KEY_INFO, Release<PKCS8_PRIV_KEY_INFO_free>>;

const EVP_MD* sha256_method() {
  static const EVP_MD* method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  must(method != nullptr, "EVP_MD_fetch");
  return method;
}

// Preparing costs as much as a tenth of a signature, so it is done once per key.
KeyContextPtr prepare(EVP_PKEY* key, int (*init)(EVP_PKEY_CTX*)) {
  KeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (!context || init(context.get()) != 1) return nullptr;
  if (EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1) return nullptr;
  if (EVP_PKEY_CTX_set_signature_md(context.get(), sha256_method()) != 1) return nullptr;
  return context;
}

}  // namespace

core::Result<EvpKeyPtr> EvpKey::create(KeyPtr key, Use use) {
  auto out = std::make_shared<EvpKey>();
  out->verify_ = prepare(key.get(), EVP_PKEY_verify_init);
  if (use == Use::sign_and_verify) out->sign_ = prepare(key.get(), EVP_PKEY_sign_init);
  if (!out->verify_ || (use == Use::sign_and_verify && !out->sign_)) {
    ERR_clear_error();
    return bad_key("OpenSSL refuses it");
  }
  out->key_ = std::move(key);
  return out;
}

bool EvpKey::verify_digest(Bytes digest, Bytes signature) const {
  const KeyContextPtr context(EVP_PKEY_CTX_dup(verify_.get()));
  must(context != nullptr, "EVP_PKEY_CTX_dup");
  const bool good =
      EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(), digest.size()) == 1;
  if (!good) ERR_clear_error();
  return good;
}

core::Result<std::vector<uint8_t>> EvpKey::sign_digest(Bytes digest) const {
  const KeyContextPtr context(EVP_PKEY_CTX_dup(sign_.get()));
  must(context != nullptr, "EVP_PKEY_CTX_dup");
  std::vector<uint8_t> out(static_cast<size_t>(EVP_PKEY_get_size(key_.get())));
  size_t size = out.size();
  if (EVP_PKEY_sign(context.get(), out.data(), &size, digest.data(), digest.size()) != 1) {
    ERR_clear_error();
    return bad_key("signing failed");
  }
  out.resize(size);
  return out;
}

Secret EvpKey::pkcs8() const {
  const Pkcs8Ptr key(EVP_PKEY2PKCS8(key_.get()));
  must(key != nullptr, "EVP_PKEY2PKCS8");
  uint8_t* der = nullptr;
  const int size = i2d_PKCS8_PRIV_KEY_INFO(key.get(), &der);
  must(size > 0, "i2d_PKCS8_PRIV_KEY_INFO");
  Secret out(Bytes(der, static_cast<size_t>(size)));
  OPENSSL_clear_free(der, static_cast<size_t>(size));
  return out;
}

std::vector<uint8_t> EvpKey::number(const char* parameter, size_t width) const {
  BIGNUM* value = nullptr;
  must(EVP_PKEY_get_bn_param(key_.get(), parameter, &value) == 1, parameter);
  const NumberPtr owned(value);
  std::vector<uint8_t> out(std::max<size_t>(width, static_cast<size_t>(BN_num_bytes(value))));
  must(BN_bn2binpad(value, out.data(), static_cast<int>(out.size())) >= 0, "BN_bn2binpad");
  return out;
}

core::Result<KeyPtr> public_key_from(const char* type, const OSSL_PARAM* params) {
  const KeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  must(context && EVP_PKEY_fromdata_init(context.get()) == 1, "EVP_PKEY_fromdata_init");
  EVP_PKEY* key = nullptr;
  const bool made = EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, const_cast<OSSL_PARAM*>(params)) == 1;
  KeyPtr owned(key);
  if (!made) {
    ERR_clear_error();
    return bad_key("its numbers are no public key");
  }
  return owned;
}

core::Result<KeyPtr> private_key_from(const char* type, const Secret& pkcs8) {
  const uint8_t* at = pkcs8.bytes().data();
  const Pkcs8Ptr info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(pkcs8.size())));
  const bool whole = info && at == pkcs8.bytes().data() + pkcs8.size();
  KeyPtr key(whole ? EVP_PKCS82PKEY(info.get()) : nullptr);
  if (!key || !EVP_PKEY_is_a(key.get(), type)) {
    ERR_clear_error();
    return bad_key("not a PKCS#8 key of this type");
  }
  return key;
}

}  // namespace crypto
