#include "tokens/verified_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

namespace tokens {
namespace {

struct VerifiedCacheTest : testing::Test {
  crypto::SeededRandom random{9};
  VerifiedCache cache{1024, random};

  static VerifiedToken token(uint8_t mark, int64_t expires_at = 1000) {
    VerifiedToken token{.expires_at = expires_at};
    token.user.bytes[0] = token.session.bytes[15] = mark;
    return token;
  }
  void add(std::string_view text, const VerifiedToken& what, uint32_t epoch = 1) {
    cache.add(cache.digest(text), epoch, what);
  }
  // The mark; -1 when it is not remembered.
  int find(std::string_view text, uint32_t epoch = 1, int64_t now = 0) {
    const auto found = cache.find(cache.digest(text), epoch, now);
    return found ? found->user.bytes[0] : -1;
  }
};

TEST_F(VerifiedCacheTest, RemembersWhatWasAdded) {
  EXPECT_EQ(find("a.b.c"), -1);
  add("a.b.c", token(7));
  EXPECT_EQ(find("a.b.c"), 7);
  EXPECT_EQ(find("a.b.d"), -1);
  const auto found = cache.find(cache.digest("a.b.c"), 1, 0);
  EXPECT_EQ(found->session.bytes[15], 7);
  EXPECT_EQ(found->expires_at, 1000);
}

TEST_F(VerifiedCacheTest, ExpiryIsComparedAtEveryHit) {
  add("t", token(1, 500));
  EXPECT_EQ(find("t", 1, 499), 1);
  EXPECT_EQ(find("t", 1, 500), -1);
  EXPECT_EQ(find("t", 1, 499), 1);
}

TEST_F(VerifiedCacheTest, AnEntryDiesWithTheEpochOfItsKeys) {
  add("t", token(1));
  EXPECT_EQ(find("t", 2), -1);
  add("t", token(2), 2);
  EXPECT_EQ(find("t", 2), 2);
}

TEST_F(VerifiedCacheTest, NothingIsFoundInAnEmptyOne) {
  EXPECT_FALSE(cache.find({}, 1, 0)) << "an empty slot has the digest of zeros";
}

// A cache that names tokens by a part of them, or by a hash of a part, gives one caller the claims of another.
TEST_F(VerifiedCacheTest, TokensThatShareTheirBeginningOrEndDoNotMix) {
  const std::string body(700, 'x');
  std::vector<std::string> alike;
  for (int i = 0; i < 256; ++i) {
    alike.push_back(body + static_cast<char>(i));
    alike.push_back(static_cast<char>(i) + body);
    alike.push_back(body.substr(0, 350) + static_cast<char>(i) + body.substr(350));
    alike.push_back(body + std::string(static_cast<size_t>(i) + 1, 'x'));
  }
  std::ranges::sort(alike);
  alike.erase(std::ranges::unique(alike).begin(), alike.end());
  VerifiedCache large{16'384, random};
  const auto named = [](size_t i) {
    VerifiedToken token{.expires_at = 1000};
    std::memcpy(token.user.bytes.data(), &i, sizeof i);
    return token;
  };
  for (size_t i = 0; i < alike.size(); ++i) {
    EXPECT_FALSE(large.find(large.digest(alike[i]), 1, 0)) << "taken for another one";
    large.add(large.digest(alike[i]), 1, named(i));
  }
  size_t found = 0;
  for (size_t i = 0; i < alike.size(); ++i)
    if (const auto held = large.find(large.digest(alike[i]), 1, 0)) {
      ++found;
      EXPECT_EQ(held->user, named(i).user);
    }
  EXPECT_GT(found, alike.size() * 9 / 10);
}

// The set is chosen by a part of the digest, the entry by all of it.
TEST_F(VerifiedCacheTest, DigestsThatShareTheirSetDoNotMix) {
  crypto::Digest128 first{}, second{};
  second[15] = 1;
  cache.add(first, 1, token(1));
  EXPECT_FALSE(cache.find(second, 1, 0));
  cache.add(second, 1, token(2));
  EXPECT_EQ(cache.find(first, 1, 0)->user.bytes[0], 1);
  EXPECT_EQ(cache.find(second, 1, 0)->user.bytes[0], 2);
}

TEST_F(VerifiedCacheTest, DigestsDependOnTheProcess) {
  VerifiedCache other{1024, random};
  EXPECT_NE(cache.digest("t"), other.digest("t"));
}

TEST_F(VerifiedCacheTest, InAFullSetTheOneThatExpiresFirstMakesRoom) {
  const auto digest = [](uint8_t i) {
    crypto::Digest128 made{};
    made[15] = i;
    return made;
  };
  for (uint8_t i = 1; i <= 4; ++i) cache.add(digest(i), 1, token(i, 1000 - i));
  cache.add(digest(5), 1, token(5, 2000));
  EXPECT_FALSE(cache.find(digest(4), 1, 0));
  for (const uint8_t i : {1, 2, 3, 5}) EXPECT_TRUE(cache.find(digest(i), 1, 0)) << int{i};
  // Of another epoch: whatever expires, it goes first.
  cache.add(digest(6), 2, token(6, 1));
  cache.add(digest(7), 2, token(7, 1));
  EXPECT_TRUE(cache.find(digest(6), 2, 0));
  EXPECT_TRUE(cache.find(digest(7), 2, 0));
}

TEST_F(VerifiedCacheTest, AddingAgainTakesNoFurtherRoom) {
  crypto::Digest128 digest{};
  for (int i = 0; i < 10; ++i) cache.add(digest, 1, token(1, 1000));
  for (uint8_t i = 1; i <= 3; ++i) {
    digest[15] = i;
    cache.add(digest, 1, token(i, 2000));
  }
  EXPECT_TRUE(cache.find({}, 1, 0));
}

TEST_F(VerifiedCacheTest, ThreadsNeverSeeHalfAnEntry) {
  std::atomic<bool> done{false};
  std::atomic<int> torn{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 2; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20'000; ++i) {
        crypto::Digest128 digest{};
        digest[15] = static_cast<uint8_t>(i % 7);
        cache.add(digest, 1, token(static_cast<uint8_t>(i + t), 1000 + (i + t) % 256));
      }
      done = true;
    });
  for (int t = 0; t < 2; ++t)
    threads.emplace_back([&] {
      while (!done)
        for (uint8_t i = 0; i < 7; ++i) {
          crypto::Digest128 digest{};
          digest[15] = i;
          const auto held = cache.find(digest, 1, 0);
          if (held &&
              (held->user.bytes[0] != held->session.bytes[15] || held->expires_at != 1000 + held->user.bytes[0]))
            ++torn;
        }
    });
  threads.clear();
  EXPECT_EQ(torn, 0);
}

}  // namespace
}  // namespace tokens
