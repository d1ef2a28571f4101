#include "tokens/refresh_token.h"

#include <gtest/gtest.h>

#include "crypto/base64url.h"

namespace tokens {
namespace {

using crypto::Secret;
constexpr std::string_view prefix = "ush_r_";
const core::Time now = core::from_millis(1'800'000'000'000);

struct RefreshTokenTest : testing::Test {
  crypto::SeededRandom random{11};
  KeySet keys;
  core::Uuid session = random.uuid7(now);
  Secret secret{std::string(32, 's')};

  RefreshTokenTest() { add_key(1, now - core::Seconds(10)); }
  void add_key(uint8_t mark, core::Time active_at, core::Time until = core::Time::max()) {
    keys.refresh.push_back({{mark, mark, mark, mark},
                            crypto::HmacKey(Secret(std::string(32, static_cast<char>(mark)))),
                            active_at,
                            until});
  }
  std::string issue(int64_t generation) {
    return std::string(issue_refresh_token(keys, now, session, generation, secret).expose());
  }
  bool accepted(std::string_view text) {
    const auto token = RefreshToken::parse(text);
    return token && token->session == session && verify(*token, keys, now, secret);
  }
  std::vector<uint8_t> bytes(const std::string& text) { return *crypto::base64url_decode(text.substr(prefix.size())); }
  static std::string text(const std::vector<uint8_t>& bytes) {
    return std::string(prefix) + crypto::base64url_encode(bytes);
  }
};

TEST_F(RefreshTokenTest, SaysWhatItWasIssuedFor) {
  for (const int64_t generation :
       {int64_t{0}, int64_t{1}, int64_t{255}, int64_t{65'536}, int64_t{1} << 40, INT64_MAX / 2}) {
    const auto token = RefreshToken::parse(issue(generation));
    ASSERT_TRUE(token) << generation;
    EXPECT_EQ(token->generation, generation);
    EXPECT_EQ(token->session, session);
    EXPECT_EQ(token->key, (MacKeyId{1, 1, 1, 1}));
    EXPECT_TRUE(verify(*token, keys, now, secret));
  }
}

TEST_F(RefreshTokenTest, TheSameTokenIsIssuedTwice) { EXPECT_EQ(issue(7), issue(7)); }

TEST_F(RefreshTokenTest, EveryFlippedBitIsRefused) {
  const auto good = bytes(issue(3));
  ASSERT_TRUE(accepted(text(good)));
  int refused = 0;
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    auto changed = good;
    changed[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
    refused += !accepted(text(changed));
  }
  EXPECT_EQ(refused, 61 * 8);
}

TEST_F(RefreshTokenTest, EveryOtherCharacterIsRefused) {
  const std::string good = issue(3);
  for (size_t at = 0; at < good.size(); ++at)
    for (int c = 0; c < 256; ++c) {
      std::string changed = good;
      changed[at] = static_cast<char>(c);
      if (changed != good) ASSERT_FALSE(accepted(changed)) << at << ' ' << c;
    }
}

TEST_F(RefreshTokenTest, ThereIsOneSpelling) {
  const std::string good = issue(3);
  for (const auto& other :
       {good + "=", good + "==", good + "A", good + " ", " " + good, good + "\n", "USH_R_" + good.substr(6),
        good.substr(6), "ush_a_" + good.substr(6), good.substr(0, good.size() - 1), std::string(prefix), std::string()})
    EXPECT_FALSE(RefreshToken::parse(other)) << other;
}

TEST_F(RefreshTokenTest, EveryOtherLengthIsRefused) {
  const auto good = bytes(issue(3));
  for (size_t size = 0; size < 80; ++size) {
    auto changed = good;
    changed.resize(size);
    EXPECT_EQ(RefreshToken::parse(text(changed)).has_value(), size == good.size());
  }
}

TEST_F(RefreshTokenTest, AnotherVersionIsRefused) {
  auto changed = bytes(issue(3));
  for (const int version : {0, 2, 255}) {
    changed[0] = static_cast<uint8_t>(version);
    EXPECT_FALSE(RefreshToken::parse(text(changed)));
  }
}

TEST_F(RefreshTokenTest, AGenerationThatCannotBeCountedUpIsRefused) {
  for (const uint64_t generation :
       {uint64_t{INT64_MAX} / 2 + 1, uint64_t{INT64_MAX}, uint64_t{INT64_MAX} + 1, UINT64_MAX}) {
    auto changed = bytes(issue(3));
    for (size_t i = 0; i < 8; ++i) changed[21 + i] = static_cast<uint8_t>(generation >> (56 - 8 * i));
    EXPECT_FALSE(RefreshToken::parse(text(changed))) << generation;
  }
}

TEST_F(RefreshTokenTest, AnotherSessionsSecretDoesNotVerify) {
  const auto token = RefreshToken::parse(issue(3));
  EXPECT_FALSE(verify(*token, keys, now, Secret(std::string(32, 't'))));
  EXPECT_FALSE(verify(*token, keys, now, Secret()));
}

TEST_F(RefreshTokenTest, ANewKeySignsWhenItIsActiveAndTheOldOneVerifiesUntilItRetires) {
  const std::string old = issue(1);
  keys.refresh[0].until = now + core::Seconds(100);
  add_key(2, now + core::Seconds(30));
  EXPECT_EQ(issue(1), old);
  const auto later = issue_refresh_token(keys, now + core::Seconds(30), session, 1, secret);
  EXPECT_EQ(RefreshToken::parse(later.expose())->key, (MacKeyId{2, 2, 2, 2}));
  const auto token = RefreshToken::parse(old);
  EXPECT_TRUE(verify(*token, keys, now + core::Seconds(99), secret));
  EXPECT_FALSE(verify(*token, keys, now + core::Seconds(100), secret));
  EXPECT_TRUE(verify(*RefreshToken::parse(later.expose()), keys, now + core::Seconds(100), secret));
}

TEST_F(RefreshTokenTest, AKeyOfTheSameNameWithOtherBytesDoesNotVerify) {
  const auto token = RefreshToken::parse(issue(1));
  keys.refresh.clear();
  EXPECT_FALSE(verify(*token, keys, now, secret));
  keys.refresh.push_back({{1, 1, 1, 1}, crypto::HmacKey(Secret(std::string(32, 'z'))), now, core::Time::max()});
  EXPECT_FALSE(verify(*token, keys, now, secret));
}

}  // namespace
}  // namespace tokens
