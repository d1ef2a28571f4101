#include "crypto/foreign_hash.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "crypto/foreign_hashes_for_test.h"
#include "crypto/vectors_for_test.h"

namespace crypto {
namespace {

Secret secret(std::string_view text) { return Secret(std::string(text)); }
bool verifies(std::string_view hash, std::string_view password) {
  const auto read = read_hash(hash);
  return read && (*read)(secret(password));
}
std::optional<HashProblem> problem(std::string_view hash) {
  const auto read = read_hash(hash);
  return read ? std::nullopt : std::optional(read.error());
}

TEST(ForeignHash, EachFormatVerifiesItsPasswordAndNoOther) {
  for (const auto& [hash, password] : known_hashes) {
    EXPECT_TRUE(verifies(hash, password)) << hash;
    for (const auto& other : {std::string(password) + "x", std::string(), std::string(password) + '\0',
                              "X" + std::string(password.substr(1))})
      EXPECT_FALSE(verifies(hash, other)) << hash;
  }
}

TEST(ForeignHash, AnotherHashOfTheSameFormIsNotThePasswords) {
  for (const auto& [hash, password] : known_hashes) {
    std::string other(hash);
    char& digit = other[other.size() - 8];
    digit = digit == '1' ? '2' : '1';
    EXPECT_FALSE(verifies(other, password)) << other;
  }
}

TEST(ForeignHash, WhatIsNotUnderstoodIsToldApart) {
  for (const char* hash :
       {"", "password", "$1$abc$def", "$apr1$abc$def", "$2x$10$abc", "$md5$CY9rzUYh03PK3k6DJie09g==",
        "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "{MD5}X03MO1qnZdYdgyfeuILPmQ==", "$hmac-sha256$aa$bb",
        "$argon2d$v=19$m=64,t=1,p=1$c29tZXNhbHQ$AJFIsNZTMKTAewB4+ETN1A", "$pbkdf2-sha384$i=1,l=32$YWFh$YWFh",
        "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$6ckCB0tnVFMaOgvlGeW69ASzDOabPwGsO/ISKZYBCaM", "a:b", "$argon2id$"})
    EXPECT_EQ(problem(hash), HashProblem::unknown) << hash;
  for (const char* hash :
       {"$2b$10$short", "$2b$99$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "$6$rounds=abc$s$h", "$5$$",
        "{SSHA}tooshort", "$P$Bshort", "pbkdf2_sha256$0$salt$aGFzaA==", "$scrypt$ln=14,r=8$YWFh$YWFh", "$sha1$pf=$a$b",
        "$argon2id$v=19$m=64,t=1,p=1$YQ$AJFIsNZTMKTAewB4+ETN1A", "sha1$$e4a1877b0e35c47329e7ed7e58014276168a37ba"})
    EXPECT_EQ(problem(hash), HashProblem::malformed) << hash;
}

TEST(ForeignHash, AbsurdCostsAreRefusedBeforeTheyArePaid) {
  const std::string tail = "$c29tZXNhbHRzb21lc2FsdA$AJFIsNZTMKTAewB4+ETN1AJFIsNZTMKTAewB4+ETN1A", crypt(86, 'a');
  const auto begin = std::chrono::steady_clock::now();
  for (const std::string& hash :
       {"$argon2id$v=19$m=2147483647,t=1,p=1" + tail, "$argon2id$v=19$m=65536,t=2147483647,p=1" + tail,
        "$scrypt$ln=30,r=8,p=1" + tail, "$scrypt$ln=14,r=2147483647,p=2147483647" + tail,
        "$scrypt$ln=14,r=8,p=2147483647" + tail, "$pbkdf2-sha256$i=2147483647,l=32" + tail,
        std::string("$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        "$6$rounds=999999999$salt$" + crypt, std::string("$P$Sabcdefgh") + std::string(22, 'a')})
    EXPECT_EQ(problem(hash), HashProblem::too_costly) << hash;
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(50));
}

// bcrypt reads 72 bytes: what the other system accepted is accepted until the first sign-in.
TEST(ForeignHash, BcryptReadsNoFurtherThan72Bytes) {
  const std::string beginning(72, 'a');
  EXPECT_TRUE(verifies(long_bcrypt, beginning + "b"));
  EXPECT_FALSE(verifies(long_bcrypt, beginning.substr(1)));
}

TEST(ForeignHash, ChangedHashesNeverCrashAndAreNeverThePasswords) {
  std::mt19937 random(20'240'601);
  int read = 0;
  for (const auto& [hash, password] : known_hashes) {
    for (int i = 0; i < 300; ++i) {
      std::string changed(hash);
      const size_t at = random() % changed.size();
      if (i % 3 == 0) changed.resize(at);
      else if (i % 3 == 1) changed[at] = static_cast<char>(random());
      else changed.insert(at, 1, "$,=0123456789aZ"[random() % 15]);
      read += read_hash(changed).has_value();
    }
  }
  EXPECT_GT(read, 100) << "some changes leave a hash that can be read";
}

TEST(ForeignHash, PublicVectors) {
  LOAD_VECTORS_OR_SKIP(file, "password-hashes/vectors.json");
  const auto is_refused = [](std::string_view hash) {
    for (const char* prefix : {"$1$", "$apr1$", "$md5", "$hmac-", "$argon2d$", "$argon2i$m=", "$bcrypt-sha256$",
                               "{MD5}", "{SMD5}", "{SHA}", "{PKCS5S2}", "grub", "md5$"})
      if (hash.starts_with(prefix)) return true;
    return false;
  };
  int verified = 0, refused = 0, wrong = 0;
  for (const auto& one : file->as_array()) {
    const std::string hash = text_at(one, "hash"), encoded = text_at(one, "password_b64");
    const std::string password = encoded.empty() ? text_at(one, "password") : read_base64(encoded).value();
    const bool valid = one.at("valid").as_bool(), right = verifies(hash, password);
    if (!valid) EXPECT_FALSE(right) << hash;
    else if (is_refused(hash)) EXPECT_EQ(problem(hash), HashProblem::unknown) << hash;
    else EXPECT_TRUE(right) << hash << " problem " << static_cast<int>(problem(hash).value_or(HashProblem{}));
    ++(!valid ? wrong : is_refused(hash) ? refused : verified);
  }
  std::printf("%d verified, %d wrong ones not, %d of formats that are refused\n", verified, wrong, refused);
  EXPECT_GT(verified, 50);
}

}  // namespace
}  // namespace crypto
