#include "crypto/digest.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <sodium.h>

#include <algorithm>
#include <atomic>

#include "crypto/base64url.h"
#include "crypto/library.h"

namespace crypto {
namespace {

// Fetching by name costs more than hashing a token: each algorithm is looked up once and never released.
const EVP_MD* sha256_method() {
  static const EVP_MD* method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  must(method != nullptr, "EVP_MD_fetch");
  return method;
}

EVP_MD_CTX* digest_context() {
  thread_local const DigestContextPtr context(EVP_MD_CTX_new());
  must(context != nullptr, "EVP_MD_CTX_new");
  return context.get();
}

MacContextPtr create_mac_context() {
  static EVP_MAC* method = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  must(method != nullptr, "EVP_MAC_fetch");
  MacContextPtr context(EVP_MAC_CTX_new(method));
  must(context != nullptr, "EVP_MAC_CTX_new");
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                               OSSL_PARAM_construct_end()};
  must(EVP_MAC_CTX_set_params(context.get(), params) == 1, "EVP_MAC_CTX_set_params");
  return context;
}

// OpenSSL takes a null pointer for "as before" or "missing", not for "empty".
const uint8_t* never_null(Bytes bytes) {
  static constexpr uint8_t nothing = 0;
  return bytes.empty() ? &nothing : bytes.data();
}

void start_mac(EVP_MAC_CTX* context, Bytes key) {
  must(EVP_MAC_init(context, never_null(key), key.size(), nullptr) == 1, "EVP_MAC_init");
}

Digest256 finish_mac(EVP_MAC_CTX* context, std::initializer_list<Bytes> parts) {
  for (Bytes part : parts) must(EVP_MAC_update(context, part.data(), part.size()) == 1, "EVP_MAC_update");
  Digest256 out;
  size_t size = 0;
  must(EVP_MAC_final(context, out.data(), &size, out.size()) == 1 && size == out.size(), "EVP_MAC_final");
  return out;
}

}  // namespace

Digest256 sha256(Bytes data) {
  EVP_MD_CTX* context = digest_context();
  Digest256 out;
  must(EVP_DigestInit_ex2(context, sha256_method(), nullptr) == 1, "EVP_DigestInit_ex2");
  must(EVP_DigestUpdate(context, data.data(), data.size()) == 1, "EVP_DigestUpdate");
  must(EVP_DigestFinal_ex(context, out.data(), nullptr) == 1, "EVP_DigestFinal_ex");
  return out;
}

std::string sha1_hex(Bytes data) {
  std::array<uint8_t, 20> digest{};
  must(EVP_Digest(data.data(), data.size(), digest.data(), nullptr, EVP_sha1(), nullptr) == 1, "EVP_Digest");
  std::string out = hex_encode(digest);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

Digest256 hmac_sha256(Bytes key, std::initializer_list<Bytes> parts) {
  thread_local const MacContextPtr context = create_mac_context();
  start_mac(context.get(), key);
  return finish_mac(context.get(), parts);
}

HmacKey::HmacKey(Secret key) : key_(std::move(key)) {
  static std::atomic<uint64_t> last{0};
  serial_ = ++last;
}

Digest256 HmacKey::operator()(std::initializer_list<Bytes> parts) const {
  thread_local const MacContextPtr context = create_mac_context();
  thread_local uint64_t held = 0;
  if (held == serial_) {
    must(EVP_MAC_init(context.get(), nullptr, 0, nullptr) == 1, "EVP_MAC_init");
  } else {
    start_mac(context.get(), key_.bytes());
    held = serial_;
  }
  return finish_mac(context.get(), parts);
}

bool equal(Bytes a, Bytes b) { return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0; }

core::Result<Secret> hkdf_sha256(Bytes key, Bytes salt, std::string_view label, size_t size) {
  if (size == 0 || size > 255 * sizeof(Digest256)) {
    return core::fail_because(core::Code::internal, "HKDF: size out of range");
  }
  static EVP_KDF* method = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
  must(method != nullptr, "EVP_KDF_fetch");
  const KdfContextPtr context(EVP_KDF_CTX_new(method));
  must(context != nullptr, "EVP_KDF_CTX_new");
  char digest[] = "SHA256";
  auto bytes = [](const char* name, Bytes value) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<uint8_t*>(never_null(value)), value.size());
  };
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
                               bytes(OSSL_KDF_PARAM_KEY, key), bytes(OSSL_KDF_PARAM_SALT, salt),
                               bytes(OSSL_KDF_PARAM_INFO, as_bytes(label)), OSSL_PARAM_construct_end()};
  std::string out(size, '\0');
  must(EVP_KDF_derive(context.get(), reinterpret_cast<uint8_t*>(out.data()), size, params) == 1, "EVP_KDF_derive");
  return Secret(std::move(out));
}

Digest128 KeyedDigest::operator()(std::string_view text) const {
  Digest128 out;
  crypto_shorthash_siphashx24(out.data(), as_bytes(text).data(), text.size(), key_.data());
  return out;
}

}  // namespace crypto
