// Owns: one reader for each way of writing password hashes; the table of foreign_hash.cc tells which reads what.
// Thread rule: pure functions.
//
// A reader gets what stands behind the row's prefix, and the row's `kind`: a digest, or a prefix to put back.
#pragma once
#include "crypto/foreign_hash.h"

namespace crypto {

using HashReader = ReadHash(std::string_view rest, const char* kind);

// foreign_crypt.cc: what crypt(3) computes. Of bcrypt's password only the first 72 bytes count.
HashReader read_bcrypt, read_django_bcrypt_sha256, read_sha_crypt;
// foreign_pbkdf2.cc: "i=N,l=L$salt$hash" and passlib's "N$salt$hash"; Django's "N$salt$hash" with a salt of text.
HashReader read_pbkdf2, read_django_pbkdf2;
// foreign_scrypt.cc: "ln=…,r=…,p=…$salt$hash", Django's, Firebase's as Kratos and as Supabase write it; Better Auth's
// "salt:hash" in hexadecimal digits.
HashReader read_scrypt, read_django_scrypt, read_firescrypt, read_fbscrypt, read_better_auth;
// foreign_digest.cc: RFC 2307's "{SSHA}", Kratos' "pf=…$salt$hash", Django's "salt$hex", phpass.
HashReader read_salted_digest, read_templated_digest, read_django_digest, read_phpass;

// crypt(3) stops at a NUL, and HMAC, on which PBKDF2 and scrypt stand, takes a password and the same with NULs behind
// it for one (RFC 2104 section 2): there a password that holds one is nobody's.
inline bool holds_nul(const Secret& password) { return password.expose().contains('\0'); }

inline std::unexpected<HashProblem> malformed() { return std::unexpected(HashProblem::malformed); }
inline std::unexpected<HashProblem> too_costly() { return std::unexpected(HashProblem::too_costly); }

}  // namespace crypto
