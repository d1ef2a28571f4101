#include "crypto/password_hash.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>

#include "crypto/vectors_for_test.h"

namespace crypto {
namespace {

constexpr Argon2Cost cheap{.memory_kib = 64, .passes = 1};

Secret secret(std::string_view text) { return Secret(std::string(text)); }

TEST(PasswordHash, VerifiesOnlyTheSamePassword) {
  const std::string phc = hash_password(secret("correct horse"), cheap).value();
  EXPECT_TRUE(phc.starts_with("$argon2id$v=19$m=64,t=1,p=1$")) << phc;
  EXPECT_TRUE(verify_password(phc, secret("correct horse")));
  for (auto other : {"correct hors", "correct horse ", "Correct horse", ""}) {
    EXPECT_FALSE(verify_password(phc, secret(other))) << other;
  }
}

TEST(PasswordHash, DefaultCostIsWrittenIntoTheHash) {
  const std::string phc = hash_password(secret("x"), {}).value();
  EXPECT_TRUE(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << phc;
  EXPECT_TRUE(verify_password(phc, secret("x")));
}

// Of the same form and cost as a real one, so that a look-up of nobody takes the same path.
TEST(PasswordHash, AnUnmatchedHashIsWellFormedAndMatchesNothing) {
  const std::string phc = create_unmatched_hash(cheap).value(), real = hash_password(secret("x"), cheap).value();
  EXPECT_EQ(phc.size(), real.size());
  EXPECT_EQ(phc.substr(0, phc.rfind(',')), real.substr(0, real.rfind(',')));
  EXPECT_FALSE(needs_rehash(phc, cheap));
  for (auto password : {"", "x", "correct horse"}) EXPECT_FALSE(verify_password(phc, secret(password)));
  EXPECT_NE(phc, create_unmatched_hash(cheap).value());
  EXPECT_FALSE(create_unmatched_hash({.memory_kib = 1, .passes = 1}));
  // It is really paid for: sixteen times the memory takes longer.
  const auto took = [](Argon2Cost cost) {
    const std::string unmatched = create_unmatched_hash(cost).value();
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(verify_password(unmatched, secret("x")));
    return std::chrono::steady_clock::now() - begin;
  };
  EXPECT_GT(took({.memory_kib = 16'384, .passes = 2}), 2 * took({.memory_kib = 1024, .passes = 1}));
}

TEST(PasswordHash, SaltsEveryHash) {
  EXPECT_NE(hash_password(secret("same"), cheap).value(), hash_password(secret("same"), cheap).value());
}

TEST(PasswordHash, TakesAnyBytesOfAnyLength) {
  for (size_t size : {1u, 8u, 72u, 73u, 256u, 4096u}) {
    std::string password(size, 'p');
    const std::string phc = hash_password(Secret(password), cheap).value();
    EXPECT_TRUE(verify_password(phc, Secret(password)));
    password.back() = 'q';
    EXPECT_FALSE(verify_password(phc, Secret(password))) << "the last of " << size << " bytes does not count";
  }
  const std::string with_nul("a\0b", 3);
  const std::string phc = hash_password(Secret(with_nul), cheap).value();
  EXPECT_TRUE(verify_password(phc, Secret(with_nul)));
  EXPECT_FALSE(verify_password(phc, secret("a")));
  EXPECT_FALSE(verify_password(phc, Secret(std::string("a\0c", 3))));
}

TEST(PasswordHash, RefusesCostsOutOfRange) {
  for (const auto& cost : {Argon2Cost{.memory_kib = 7, .passes = 1}, Argon2Cost{.memory_kib = 64, .passes = 0},
                           Argon2Cost{.memory_kib = -1, .passes = 1}, Argon2Cost{.memory_kib = 262'145, .passes = 1},
                           Argon2Cost{.memory_kib = 262'144, .passes = 5}}) {
    const auto out = hash_password(secret("x"), cost);
    ASSERT_FALSE(out.has_value());
    EXPECT_EQ(out.error().code, core::Code::internal);
  }
}

TEST(PasswordHash, NeedsRehashUnlessExactlyThisCost) {
  const std::string phc = hash_password(secret("x"), cheap).value();
  EXPECT_FALSE(needs_rehash(phc, cheap));
  EXPECT_TRUE(needs_rehash(phc, {.memory_kib = 64, .passes = 2}));
  EXPECT_TRUE(needs_rehash(phc, {.memory_kib = 128, .passes = 1}));
  EXPECT_TRUE(needs_rehash("$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$AJFIsNZTMKTAewB4+ETN1A", cheap));
  EXPECT_TRUE(needs_rehash("$argon2id$v=19$m=64,t=1,p=2$c29tZXNhbHQ$AJFIsNZTMKTAewB4+ETN1A", cheap));
  EXPECT_TRUE(needs_rehash("$2a$12$o6hx.Wog", cheap));
  EXPECT_TRUE(needs_rehash("", cheap));
}

long peak_kib() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

TEST(PasswordHash, AbsurdStoredParametersCostNothing) {
  const std::string tail = "$c29tZXNhbHRzb21lc2FsdA$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA";
  const std::string absurd[] = {
      "$argon2id$v=19$m=262145,t=1,p=1" + tail,
      "$argon2id$v=19$m=4294967295,t=1,p=1" + tail,
      "$argon2id$v=19$m=99999999999999999999,t=1,p=1" + tail,
      "$argon2id$v=19$m=262144,t=5,p=1" + tail,
      "$argon2id$v=19$m=64,t=4294967295,p=1" + tail,
      "$argon2id$v=19$m=64,t=1,p=16777215" + tail,
      "$argon2i$v=19$m=2097152,t=1,p=4" + tail,
      "$argon2id$v=19$m=64,t=1,p=1$" + std::string(1 << 20, 'A') + "$AAAA",
  };
  const long before = peak_kib();
  for (const auto& phc : absurd) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(verify_password(phc, secret("x")));
    EXPECT_TRUE(needs_rehash(phc, cheap));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(50)) << phc.substr(0, 60);
  }
  EXPECT_LT(peak_kib() - before, 32 * 1024);
}

TEST(PasswordHash, MalformedHashesAreRefused) {
  const std::string good = hash_password(secret("x"), cheap).value();
  const auto changed = [&](std::string_view from, std::string_view to) {
    std::string out = good;
    return out.replace(out.find(from), from.size(), to);
  };
  for (const std::string& bad : {changed("m=64", "m=064"),
                                 changed("m=64", "m=+64"),
                                 changed("m=64", "m=-64"),
                                 changed("m=64", "m= 64"),
                                 changed("m=64", "m=64,m=64"),
                                 changed("t=1", "t=0"),
                                 changed("p=1", "p=0"),
                                 changed("p=1", "p=9"),
                                 changed("v=19", "v=16"),
                                 changed("$v=19", ""),
                                 changed("argon2id", "argon2d"),
                                 changed("argon2id", "argon2ix"),
                                 changed("p=1", "p=1,keyid=abc"),
                                 changed("t=1,p=1", "p=1,t=1"),
                                 good + "=",
                                 good + "$",
                                 good + "\n",
                                 good + std::string(1, '\0'),
                                 " " + good,
                                 good.substr(0, good.size() - 1),
                                 good.substr(0, good.rfind('$'))}) {
    EXPECT_FALSE(verify_password(bad, secret("x"))) << bad;
  }
  for (size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(verify_password(good.substr(0, size), secret("x")));
}

// Those that other programs wrote. argon2d and hashes without a version are for the import of foreign accounts.
TEST(PasswordHash, JudgesTheHashesOfOtherPrograms) {
  LOAD_VECTORS_OR_SKIP(file, "password-hashes/vectors.json");
  int ran = 0, left_out = 0;
  for (const auto& entry : file->as_array()) {
    const std::string hash = text_at(entry, "hash");
    if (!hash.starts_with("$argon2")) continue;
    SCOPED_TRACE(hash);
    const bool ours = (hash.starts_with("$argon2id$v=19$") || hash.starts_with("$argon2i$v=19$"));
    const bool valid = entry.at("valid").as_bool();
    EXPECT_EQ(verify_password(hash, Secret(text_at(entry, "password"))), ours && valid);
    ++ran;
    left_out += valid && !ours;
  }
  printf("password-hashes: %d argon2 entries, %d of them valid but of kinds that are refused\n", ran, left_out);
  EXPECT_GE(ran, 30);
}

}  // namespace
}  // namespace crypto
