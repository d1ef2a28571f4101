#include <crypt.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <memory>

#include "crypto/base64url.h"
#include "crypto/digest.h"
#include "crypto/foreign_readers.h"

namespace crypto {
namespace {

constexpr int64_t bcrypt_max_cost = 15;
constexpr int64_t sha_crypt_max_rounds = 2'000'000, sha_crypt_default_rounds = 5000;

// Salt and hash as crypt(3) writes them.
bool is_crypt_text(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '.' && c <= '9'); });
}

bool verify_crypt(const std::string& stored, const Secret& password) {
  if (holds_nul(password)) return false;
  const auto data = std::make_unique<crypt_data>();
  std::string text(password.expose());
  const char* made = crypt_r(text.c_str(), stored.c_str(), data.get());
  const bool same = made && equal(std::string_view(made), stored);
  OPENSSL_cleanse(data.get(), sizeof *data);
  OPENSSL_cleanse(text.data(), text.size());
  return same;
}

std::expected<std::string, HashProblem> read_bcrypt_text(std::string_view rest, const char* kind) {
  constexpr size_t cost_and_dollar = 3, salt_and_hash = 53;
  if (rest.size() != cost_and_dollar + salt_and_hash || rest[2] != '$' || !is_crypt_text(rest.substr(3)))
    return malformed();
  const auto cost = read_number(rest.substr(rest[0] == '0', rest[0] == '0' ? 1 : 2));
  if (!cost || *cost < 4 || *cost > 31) return malformed();
  if (*cost > bcrypt_max_cost) return too_costly();
  return kind + std::string(rest);
}

}  // namespace

ReadHash read_bcrypt(std::string_view rest, const char* kind) {
  return
      [stored = TRY(read_bcrypt_text(rest, kind))](const Secret& password) { return verify_crypt(stored, password); };
}

// Django's: bcrypt of the password's SHA-256 in hexadecimal digits.
ReadHash read_django_bcrypt_sha256(std::string_view rest, const char* kind) {
  return [stored = TRY(read_bcrypt_text(rest, kind))](const Secret& password) {
    return verify_crypt(stored, Secret(hex_encode(sha256(password.bytes()))));
  };
}

ReadHash read_sha_crypt(std::string_view rest, const char* kind) {
  std::string stored = kind + std::string(rest);
  int64_t rounds = sha_crypt_default_rounds;
  if (take(rest, "rounds=")) {
    const auto given = take_number(rest);
    if (!given || !take(rest, "$")) return malformed();
    rounds = *given;
  }
  const auto pieces = split(rest, '$');
  const size_t hash_size = kind[1] == '5' ? 43 : 86;
  if (rounds < 1000 || pieces.size() != 2 || pieces[0].size() > 16 || !is_crypt_text(pieces[0]) ||
      pieces[1].size() != hash_size || !is_crypt_text(pieces[1]))
    return malformed();
  if (rounds > sha_crypt_max_rounds) return too_costly();
  return [stored = std::move(stored)](const Secret& password) { return verify_crypt(stored, password); };
}

}  // namespace crypto
