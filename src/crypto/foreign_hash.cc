#include "crypto/foreign_hash.h"

#include <algorithm>

#include "crypto/foreign_readers.h"
#include "crypto/password_hash.h"

namespace crypto {
namespace {

ReadHash read_argon2(std::string_view rest, const char* kind) {
  std::string phc = kind + std::string(rest);
  if (const auto problem = problem_of(phc)) return std::unexpected(*problem);
  return [phc = std::move(phc)](const Secret& password) { return verify_password(phc, password); };
}

struct Format {
  std::string_view prefix;
  HashReader* read;
  const char* kind;
};

// The first row whose prefix fits reads it.
constexpr Format formats[] = {
    {"$argon2id$", read_argon2, "$argon2id$"},
    {"$argon2i$", read_argon2, "$argon2i$"},
    {"argon2$argon2id$", read_argon2, "$argon2id$"},
    {"argon2$argon2i$", read_argon2, "$argon2i$"},
    {"$2a$", read_bcrypt, "$2a$"},
    {"$2b$", read_bcrypt, "$2b$"},
    {"$2y$", read_bcrypt, "$2y$"},
    {"bcrypt$$2a$", read_bcrypt, "$2a$"},
    {"bcrypt$$2b$", read_bcrypt, "$2b$"},
    {"bcrypt_sha256$$2a$", read_django_bcrypt_sha256, "$2a$"},
    {"bcrypt_sha256$$2b$", read_django_bcrypt_sha256, "$2b$"},
    {"$5$", read_sha_crypt, "$5$"},
    {"$6$", read_sha_crypt, "$6$"},
    {"$sha256-crypt$", read_sha_crypt, "$5$"},
    {"$sha512-crypt$", read_sha_crypt, "$6$"},
    {"$pbkdf2$", read_pbkdf2, "SHA1"},
    {"$pbkdf2-sha1$", read_pbkdf2, "SHA1"},
    {"$pbkdf2-sha256$", read_pbkdf2, "SHA256"},
    {"$pbkdf2-sha512$", read_pbkdf2, "SHA512"},
    {"pbkdf2_sha1$", read_django_pbkdf2, "SHA1"},
    {"pbkdf2_sha256$", read_django_pbkdf2, "SHA256"},
    {"$scrypt$", read_scrypt, ""},
    {"scrypt$", read_django_scrypt, ""},
    {"$firescrypt$", read_firescrypt, ""},
    {"$fbscrypt$", read_fbscrypt, ""},
    {"{SSHA}", read_salted_digest, "SHA1"},
    {"{SSHA256}", read_salted_digest, "SHA256"},
    {"{SSHA384}", read_salted_digest, "SHA384"},
    {"{SSHA512}", read_salted_digest, "SHA512"},
    {"$sha1$pf=", read_templated_digest, "SHA1"},
    {"$sha256$pf=", read_templated_digest, "SHA256"},
    {"$sha512$pf=", read_templated_digest, "SHA512"},
    {"sha1$", read_django_digest, "SHA1"},
    {"$P$", read_phpass, ""},
    {"$H$", read_phpass, ""},
};

}  // namespace

ReadHash read_hash(std::string_view text) {
  if (text.size() > foreign_hash_max_size || text.contains('\0')) return malformed();
  const auto format = std::ranges::find_if(formats, [&](const Format& f) { return text.starts_with(f.prefix); });
  if (format != std::end(formats)) return format->read(text.substr(format->prefix.size()), format->kind);
  return read_better_auth(text, "");
}

}  // namespace crypto
