#include "mfa/recovery_code.h"

#include <gtest/gtest.h>

#include <set>

namespace mfa {
namespace {

TEST(RecoveryCode, IsReadAsAPersonTypesIt) {
  crypto::SeededRandom random(1);
  const crypto::Secret code = create_recovery_code(random);
  const std::string text(code.expose());
  ASSERT_EQ(text.size(), 19u);
  EXPECT_EQ(text[4], '-');
  std::string upper = text, bare = text;
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  std::erase(bare, '-');
  for (const std::string& typed : {text, upper, bare, ' ' + text + ' '})
    EXPECT_EQ(read_recovery_code(typed)->expose(), read_recovery_code(text)->expose()) << typed;
  EXPECT_FALSE(read_recovery_code(text.substr(1)));
  EXPECT_FALSE(read_recovery_code(text + "a"));
  EXPECT_FALSE(read_recovery_code("123456"));
  EXPECT_FALSE(read_recovery_code(""));
}

TEST(RecoveryCode, NoTwoAreTheSame) {
  crypto::SystemRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 100'000; ++i) seen.emplace(create_recovery_code(random).expose());
  EXPECT_EQ(seen.size(), 100'000u);
}

TEST(RecoveryCode, IsKeptUnderAKeyAndForItsUser) {
  crypto::SeededRandom random(1);
  const core::Time now{};
  const auto ann = random.id<accounts::UserId>(now), bob = random.id<accounts::UserId>(now);
  const auto code = read_recovery_code(create_recovery_code(random).expose()).value();
  const crypto::HmacKey key(crypto::Secret("a")), other(crypto::Secret("b"));
  EXPECT_EQ(hash_recovery_code(key, ann, code), hash_recovery_code(key, ann, code));
  EXPECT_NE(hash_recovery_code(key, ann, code), hash_recovery_code(key, bob, code));
  EXPECT_NE(hash_recovery_code(key, ann, code), hash_recovery_code(other, ann, code));
}

}  // namespace
}  // namespace mfa
