#include <openssl/evp.h>

#include <algorithm>

#include "crypto/digest.h"
#include "crypto/foreign_readers.h"

namespace crypto {
namespace {

// Rounds of HMAC for the whole of a hash: each block of the digest's size costs all iterations.
constexpr int64_t max_rounds = 5'000'000;
constexpr size_t least_hash = 16, largest_hash = 128, largest_salt = 256;

ReadHash create(const char* digest, std::optional<int64_t> iterations, std::optional<std::string> salt,
                std::optional<std::string> hash) {
  if (!iterations || !salt || salt->size() > largest_salt || !hash || hash->size() < least_hash ||
      hash->size() > largest_hash)
    return malformed();
  const EVP_MD* md = EVP_get_digestbyname(digest);
  const auto block = static_cast<size_t>(EVP_MD_get_size(md));
  const auto blocks = static_cast<int64_t>((hash->size() + block - 1) / block);
  if (*iterations > max_rounds / blocks) return too_costly();
  return [md, rounds = static_cast<int>(*iterations), salt = *std::move(salt),
          hash = *std::move(hash)](const Secret& password) {
    if (holds_nul(password)) return false;
    std::string made(hash.size(), '\0');
    const auto text = password.expose();
    return PKCS5_PBKDF2_HMAC(text.data(), static_cast<int>(text.size()), as_bytes(salt).data(),
                             static_cast<int>(salt.size()), rounds, md, static_cast<int>(made.size()),
                             reinterpret_cast<unsigned char*>(made.data())) == 1 &&
           equal(made, hash);
  };
}

// passlib writes '.' for '+'.
std::optional<std::string> read_adapted_base64(std::string_view text) {
  std::string standard(text);
  std::ranges::replace(standard, '.', '+');
  return read_base64(standard);
}

}  // namespace

ReadHash read_pbkdf2(std::string_view rest, const char* digest) {
  const auto pieces = split(rest, '$');
  if (pieces.size() != 3) return malformed();
  auto costs = pieces[0];
  if (!take(costs, "i="))
    return create(digest, read_number(costs), read_adapted_base64(pieces[1]), read_adapted_base64(pieces[2]));
  const auto iterations = take_number(costs);
  if (!take(costs, ",l=")) return malformed();
  auto hash = read_base64(pieces[2]);
  if (!hash || read_number(costs) != static_cast<int64_t>(hash->size())) return malformed();
  return create(digest, iterations, read_base64(pieces[1]), std::move(hash));
}

ReadHash read_django_pbkdf2(std::string_view rest, const char* digest) {
  const auto pieces = split(rest, '$');
  if (pieces.size() != 3) return malformed();
  return create(digest, read_number(pieces[0]), std::string(pieces[1]), read_base64(pieces[2]));
}

}  // namespace crypto
