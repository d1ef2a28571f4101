#include <openssl/evp.h>

#include <array>

#include "crypto/base64url.h"
#include "crypto/digest.h"
#include "crypto/foreign_readers.h"

namespace crypto {
namespace {

constexpr size_t largest_salt = 256;

size_t size_of(const char* name) { return static_cast<size_t>(EVP_MD_get_size(EVP_get_digestbyname(name))); }

std::string digest(const char* name, const Secret& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out;
  unsigned int size = 0;
  if (EVP_Digest(text.expose().data(), text.size(), out.data(), &size, EVP_get_digestbyname(name), nullptr) != 1)
    return "";
  return {reinterpret_cast<const char*>(out.data()), size};
}

Secret joined(std::string_view a, std::string_view b) {
  std::string text;
  text.reserve(a.size() + b.size());
  text.append(a).append(b);
  return Secret(std::move(text));
}

constexpr std::string_view phpass_digits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// Three bytes are four digits, the lowest six bits first; the sixteenth byte is two.
std::string phpass_encode(std::string_view bytes) {
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t j = i; j < bytes.size() && j < i + 3; ++j)
      group |= uint32_t{static_cast<unsigned char>(bytes[j])} << (8 * (j - i));
    const size_t digits = i + 3 <= bytes.size() ? 4 : bytes.size() - i + 1;
    for (size_t j = 0; j < digits; ++j, group >>= 6) out += phpass_digits[group & 63];
  }
  return out;
}

std::string phpass(std::string_view salt, int64_t rounds, const Secret& password) {
  std::string state = digest("MD5", joined(salt, password.expose()));
  for (; rounds > 0; --rounds) state = digest("MD5", joined(state, password.expose()));
  return phpass_encode(state);
}

// Replaces every {SALT} and {PASSWORD}, once each at a place: what they hold is not looked at again.
Secret expand(std::string_view pattern, std::string_view salt, const Secret& password) {
  std::string out;
  out.reserve(pattern.size() + (pattern.size() / 6 + 1) * (salt.size() + password.size()));
  while (!pattern.empty()) {
    if (take(pattern, "{SALT}")) {
      out += salt;
    } else if (take(pattern, "{PASSWORD}")) {
      out += password.expose();
    } else {
      out += pattern[0];
      pattern.remove_prefix(1);
    }
  }
  return Secret(std::move(out));
}

}  // namespace

// The digest of password and salt, and behind it the salt.
ReadHash read_salted_digest(std::string_view rest, const char* name) {
  const auto bytes = read_base64(rest);
  const size_t size = size_of(name);
  if (!bytes || bytes->size() <= size || bytes->size() > size + largest_salt) return malformed();
  return [name, hash = bytes->substr(0, size), salt = bytes->substr(size)](const Secret& password) {
    return equal(digest(name, joined(password.expose(), salt)), hash);
  };
}

ReadHash read_templated_digest(std::string_view rest, const char* name) {
  const auto pieces = split(rest, '$');
  if (pieces.size() != 3) return malformed();
  const auto pattern = read_base64(pieces[0]), salt = read_base64(pieces[1]), hash = read_base64(pieces[2]);
  if (!pattern || !salt || !hash || hash->size() != size_of(name)) return malformed();
  if (!pattern->contains("{SALT}") || !pattern->contains("{PASSWORD}") || salt->empty()) return malformed();
  return [name, pattern = *pattern, salt = *salt, hash = *hash](const Secret& password) {
    return equal(digest(name, expand(pattern, salt, password)), hash);
  };
}

ReadHash read_django_digest(std::string_view rest, const char* name) {
  const auto pieces = split(rest, '$');
  if (pieces.size() != 2 || pieces[0].empty()) return malformed();
  const auto hash = hex_decode(pieces[1]);
  if (!hash || hash->size() != size_of(name)) return malformed();
  return [name, salt = std::string(pieces[0]), hash = std::string(hash->begin(), hash->end())](const Secret& password) {
    return equal(digest(name, joined(salt, password.expose())), hash);
  };
}

ReadHash read_phpass(std::string_view rest, const char*) {
  constexpr size_t salt_size = 8, hash_size = 22, least_log = 7, most_log = 30, paid_log = 20;
  if (rest.size() != 1 + salt_size + hash_size || rest.find_first_not_of(phpass_digits) != rest.npos)
    return malformed();
  const size_t log = phpass_digits.find(rest[0]);
  if (log < least_log || log > most_log) return malformed();
  if (log > paid_log) return too_costly();
  return [rounds = int64_t{1} << log, salt = std::string(rest.substr(1, salt_size)),
          hash = std::string(rest.substr(1 + salt_size))](const Secret& password) {
    return equal(phpass(salt, rounds, password), hash);
  };
}

}  // namespace crypto
