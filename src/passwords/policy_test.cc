#include "passwords/policy.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <random>

#include "passwords/common_words.h"
#include "passwords/signing_secret.h"
#include "passwords/strength.h"

namespace passwords {
namespace {

using crypto::Secret;

const OwnWords anna{.email = "Anna.Schmidt@example.com", .first_name = "Anna-Maria", .last_name = "Großmann"};

// The code of the rule that `password` breaks; "" when it is accepted.
std::string broken_rule(const std::string& password, const OwnWords& own = anna, int64_t min_strength = 1) {
  const auto result = check(Secret(password), own, min_strength, "newPassword");
  if (result) return "";
  EXPECT_EQ(result.error().code, core::Code::password_rejected);
  EXPECT_EQ(result.error().fields.at(0).field, "newPassword");
  return result.error().fields.at(0).code;
}

std::vector<std::string> weak_words() {
  const char* set = std::getenv("USHER_VECTORS");
  const std::string folder = set ? set : USHER_SOURCE_DIR "/../shared/vectors";
  std::ifstream file(folder + "/weak-secrets/zxcvbn-top-10000-passwords.txt");
  std::vector<std::string> words;
  for (std::string line; std::getline(file, line);) words.push_back(line);
  return words;
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::string alternating(std::string text) {
  for (size_t i = 0; i < text.size(); i += 2) text[i] = upper(text.substr(i, 1))[0];
  return text;
}

std::string repeat(std::string_view piece, size_t times) {
  std::string out;
  while (times--) out += piece;
  return out;
}

TEST(PasswordPolicy, CountsCodePointsFrom8To256) {
  EXPECT_EQ(broken_rule("zkQ7#mV"), "too_short");
  EXPECT_EQ(broken_rule("zkQ7#mVw"), "");
  EXPECT_EQ(broken_rule("žluťouč"), "too_short");  // 7 characters, 10 bytes
  EXPECT_EQ(broken_rule("žluťoučk"), "");
  EXPECT_EQ(broken_rule("🦊🐢🦉🐙🦔🐝🦀"), "too_short");
  EXPECT_EQ(broken_rule("🦊🐢🦉🐙🦔🐝🦀🐍"), "");
  const std::string start = "zkQ7#mVw";
  EXPECT_EQ(broken_rule(start + repeat("ž", 248)), "");
  EXPECT_EQ(broken_rule(start + repeat("ž", 249)), "too_long");
  EXPECT_EQ(broken_rule(""), "too_short");
}

TEST(PasswordPolicy, HasNoCompositionRules) {
  for (const char* password : {"correct horse battery staple", "         x  y       ", "kjhzxqmwvtplr",
                               "8375029164738201", "пароль для входа", "密碼安全測試一二", "Test123!"})
    EXPECT_EQ(broken_rule(password), "") << password;
}

TEST(PasswordPolicy, TakesWhatItGetsWithoutTrimming) {
  EXPECT_EQ(broken_rule(" zkQ7#m "), "");  // 8 with its spaces
  EXPECT_EQ(broken_rule("zkQ7#m "), "too_short");
  EXPECT_EQ(broken_rule(std::string("zkQ\0#mVw", 8)), "");
}

TEST(PasswordPolicy, RefusesCommonOnesInAnyCaseAndWidth) {
  for (const char* password : {"password1", "PASSWORD1", "PassWord1", "qwertyuiop", "iloveyou1", "ｐａｓｓｗｏｒｄ１"})
    EXPECT_EQ(broken_rule(password), "too_common") << password;
}

TEST(PasswordPolicy, RefusesTheListInAnyCase) {
  const auto words = weak_words();
  if (words.empty()) GTEST_SKIP() << "skipped: no vectors";
  int cases = 0;
  for (const auto& word : words) {
    if (word.size() < shortest) {
      EXPECT_EQ(broken_rule(word), "too_short");
      ++cases;
      continue;
    }
    for (const auto& form : {word, upper(word), alternating(word), upper(word.substr(0, 1)) + word.substr(1)}) {
      EXPECT_EQ(broken_rule(form, {}, 0), "too_common") << form;
      ++cases;
    }
  }
  std::printf("%d cases of weak-secrets ran\n", cases);
  EXPECT_GT(cases, 10'000);
}

TEST(PasswordPolicy, RefusesTheAccountsOwnWords) {
  for (const char* password : {"anna.schmidt", "ANNA.SCHMIDT", "annaschmidt", "anna.schmidt@example.com",
                               "Anna.Schmidt@EXAMPLE.com", "anna-maria", "Anna Maria", "GROßMANN", "grossmann",
                               "annamariagroßmann", "Anna-Maria Großmann", "großmann anna-maria", "GrossmannAnnaMaria"})
    EXPECT_EQ(broken_rule(password), "own_words") << password;
  EXPECT_EQ(broken_rule("anna.schmidt", {}), "");
  EXPECT_EQ(broken_rule("anna.schmidt.k9!w"), "");
  EXPECT_EQ(broken_rule("........----____", {.email = "a@b.c", .first_name = ".", .last_name = "-"}, 0), "")
      << "only separators are no word";
}

TEST(PasswordPolicy, AsksForStrengthAsSet) {
  EXPECT_EQ(broken_rule("abcabcabc", {}, 1), "too_weak");
  EXPECT_EQ(broken_rule("Test123!", {}, 0), "");
  EXPECT_EQ(broken_rule("Test123!", {}, 1), "");
  EXPECT_EQ(broken_rule("Test123!", {}, 2), "too_weak");
  EXPECT_EQ(broken_rule("kV3#p9!zQw@7Lm", {}, 4), "");
}

TEST(PasswordPolicy, IsQuickForTheLongest) {
  const std::string password = repeat("🦊aB3", 64);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) broken_rule(password);
  const auto took = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start) / 20;
  std::printf("256 characters: %.2f ms\n", took.count());
  EXPECT_LT(took.count(), 50);
}

TEST(Strength, FollowsTheGuesses) {
  EXPECT_EQ(strength(""), 0);
  EXPECT_EQ(strength("aaaaaaaa"), 0);
  EXPECT_EQ(strength("Test123!"), 1);
  EXPECT_EQ(strength("kV3#p9!zQw@7Lm"), 4);
  EXPECT_EQ(strength(std::string("aaaaaaaa\0kV3#p9!zQw", 19)), 4) << "what follows a NUL counts";
}

TEST(SigningSecret, CommonOnesAreRefused) {
  const auto words = weak_words();
  if (words.empty()) GTEST_SKIP() << "skipped: no vectors";
  int cases = 0;
  for (const auto& word : words)
    for (const auto& form : {word, upper(word), repeat(word, 40 / word.size() + 1)}) {
      EXPECT_TRUE(weakness_of_signing_secret(form)) << form;
      ++cases;
    }
  std::printf("%d cases of weak-secrets ran\n", cases);
}

TEST(SigningSecret, PlaceholdersAreRefused) {
  for (const char* secret :
       {"", "your-256-bit-secret", "your-256-bit-secret-your-256-bit-secret", "a-string-secret-at-least-256-bits-long",
        "super-secret-jwt-token-with-at-least-32-characters-long",
        "your-super-secret-jwt-key-change-this-in-production", "change-me-change-me-change-me-change-me",
        "changeme_this_is_not_a_secure_secret_key", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "abababababababababababababababababababab", "abcdefghijklmnopqrstuvwxyz0123456789",
        "12345678901234567890123456789012", "00000000000000000000000000000001", "qwertyuiopasdfghjklzxcvbnm1234567890",
        "0123456789abcdef0123456789abcdef", "thisisasecretkeythisisasecretkey"})
    EXPECT_TRUE(weakness_of_signing_secret(secret)) << secret;
}

std::string random_text(std::mt19937_64& dice, std::string_view alphabet, size_t size) {
  std::string text;
  while (text.size() < size) text += alphabet[dice() % alphabet.size()];
  return text;
}

TEST(SigningSecret, RandomOnesAreAccepted) {
  constexpr std::string_view hex = "0123456789abcdef",
                             base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const uint64_t seed = std::random_device()();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  std::mt19937_64 dice(seed);
  for (int i = 0; i < 500; ++i)
    for (const auto& secret : {random_text(dice, hex, 32), random_text(dice, hex, 64), random_text(dice, base64, 32),
                               random_text(dice, base64, 44), "prod-jwt-secret-" + random_text(dice, base64, 32)})
      EXPECT_FALSE(weakness_of_signing_secret(secret))
          << secret << " " << weakness_of_signing_secret(secret).value_or("");
}

}  // namespace
}  // namespace passwords
