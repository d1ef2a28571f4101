#include "crypto/aead.h"

#include <openssl/err.h>

#include "crypto/library.h"

namespace crypto {
namespace {

const EVP_CIPHER* method() {
  static const EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  must(cipher != nullptr, "EVP_CIPHER_fetch");
  return cipher;
}

enum class Direction { decrypt = 0, encrypt = 1 };

CipherContextPtr start(Direction direction, Bytes key, Bytes nonce, Bytes associated) {
  CipherContextPtr context(EVP_CIPHER_CTX_new());
  must(context != nullptr, "EVP_CIPHER_CTX_new");
  const int encrypt = static_cast<int>(direction);
  must(EVP_CipherInit_ex2(context.get(), method(), key.data(), nonce.data(), encrypt, nullptr) == 1, "GCM key");
  int size = 0;
  if (!associated.empty()) {
    must(EVP_CipherUpdate(context.get(), nullptr, &size, associated.data(), static_cast<int>(associated.size())) == 1,
         "GCM associated data");
  }
  return context;
}

void process(EVP_CIPHER_CTX* context, uint8_t* out, Bytes in) {
  if (in.empty()) return;
  int size = 0;
  must(EVP_CipherUpdate(context, out, &size, in.data(), static_cast<int>(in.size())) == 1, "GCM data");
}

}  // namespace

std::vector<uint8_t> aead_encrypt(Bytes key, Bytes nonce, Bytes associated, Bytes plaintext) {
  must(key.size() == aead_key_size && nonce.size() == aead_nonce_size, "GCM sizes");
  const CipherContextPtr context = start(Direction::encrypt, key, nonce, associated);
  std::vector<uint8_t> out(plaintext.size() + aead_tag_size);
  process(context.get(), out.data(), plaintext);
  uint8_t* tag = out.data() + plaintext.size();
  int size = 0;
  must(EVP_CipherFinal_ex(context.get(), tag, &size) == 1, "GCM end");
  must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, aead_tag_size, tag) == 1, "GCM tag");
  return out;
}

std::optional<Secret> aead_decrypt(Bytes key, Bytes nonce, Bytes associated, Bytes ciphertext_and_tag) {
  if (key.size() != aead_key_size || nonce.size() != aead_nonce_size) return std::nullopt;
  if (ciphertext_and_tag.size() < aead_tag_size) return std::nullopt;
  const Bytes ciphertext = ciphertext_and_tag.first(ciphertext_and_tag.size() - aead_tag_size);
  std::vector<uint8_t> tag(ciphertext_and_tag.end() - aead_tag_size, ciphertext_and_tag.end());
  const CipherContextPtr context = start(Direction::decrypt, key, nonce, associated);
  std::string plaintext(ciphertext.size(), '\0');
  process(context.get(), reinterpret_cast<uint8_t*>(plaintext.data()), ciphertext);
  Secret out(std::move(plaintext));
  must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, aead_tag_size, tag.data()) == 1, "GCM tag");
  uint8_t rest[aead_tag_size];
  int size = 0;
  if (EVP_CipherFinal_ex(context.get(), rest, &size) != 1) {
    ERR_clear_error();
    return std::nullopt;
  }
  return out;
}

}  // namespace crypto
