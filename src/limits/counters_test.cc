#include <gtest/gtest.h>

#include <thread>

#include "limits/redis_counters.h"
#include "tests/support/redis_call.h"
#include "tests/support/redis_server.h"

namespace limits {
namespace {

using core::Millis;
using std::chrono::seconds;

const BucketRule ten{.size = 10};

TEST(Bucket, HoldsItsSizeAndFillsEvenly) {
  Micros full_at{}, now = seconds(1000);
  for (int64_t i = 9; i >= 0; --i) {
    const Taken taken = take(full_at, now, ten);
    EXPECT_TRUE(taken.allowed);
    EXPECT_EQ(left(taken, ten), i);
  }
  const Taken refused = take(full_at, now, ten);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(left(refused, ten), 0);
  EXPECT_EQ(next_in(refused, ten), seconds(6));
  EXPECT_EQ(refused.full_in, seconds(60));
  EXPECT_FALSE(take(full_at, now + seconds(6) - Micros(1), ten).allowed);
  EXPECT_TRUE(take(full_at, now + seconds(6), ten).allowed);
  EXPECT_FALSE(take(full_at, now + seconds(6), ten).allowed) << "a refused one takes nothing";
  EXPECT_EQ(left(take(full_at, now + seconds(1000), ten), ten), 9);
}

TEST(Bucket, HoldsAllOfASizeThatDividesNoMinute) {
  for (const int64_t size : {1, 7, 59, 999, 59'999}) {
    const BucketRule rule{.size = size};
    Micros full_at{};
    int64_t allowed = 0;
    while (take(full_at, seconds(5), rule).allowed) ++allowed;
    EXPECT_EQ(allowed, size);
  }
}

TEST(LocalCounters, EachKeyHasItsBucket) {
  core::FakeClock clock;
  LocalCounters counters(clock);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(counters.take("a:1", ten)->allowed);
  EXPECT_FALSE(counters.take("a:1", ten)->allowed);
  EXPECT_TRUE(counters.take("a:2", ten)->allowed);
  clock.advance(seconds(6));
  EXPECT_TRUE(counters.take("a:1", ten)->allowed);
}

// Whoever has many addresses does not get as many buckets, nor the server's memory.
TEST(LocalCounters, MoreKeysThanItKnowsShareOneBucket) {
  core::FakeClock clock;
  LocalCounters counters(clock, 16);
  int allowed = 0;
  for (int i = 0; i < 10'000; ++i) allowed += counters.take("a:" + std::to_string(i), ten)->allowed;
  EXPECT_LT(allowed, 400);
  clock.advance(seconds(61));
  EXPECT_TRUE(counters.take("a:new", ten)->allowed) << "what is full again makes room";
}

TEST(LocalCounters, ParallelCallersGetNoMoreThanThereIs) {
  core::FakeClock clock;
  LocalCounters counters(clock);
  std::atomic<int> allowed{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (int n = 0; n < 100; ++n) allowed += counters.take("a:1", ten)->allowed;
      });
  }
  EXPECT_EQ(allowed, 10);
}

struct RedisCountersTest : testing::Test {
  void SetUp() override {
    if (!server) GTEST_SKIP() << "skipped: no redis-server";
    config.url = crypto::Secret(server->url());
    counters = create();
  }
  std::unique_ptr<Counters> create() const {
    auto made = create_redis_counters(config.address().value(), config);
    wait_for(*made);
    return made;
  }
  // Until Redis is asked.
  static void wait_for(Counters& from) {
    const auto began = std::chrono::steady_clock::now();
    while (!from.take("ready", {.size = 1'000'000})) {
      ASSERT_LT(std::chrono::steady_clock::now() - began, seconds(15));
      std::this_thread::sleep_for(Millis(10));
    }
  }
  int64_t redis(std::initializer_list<std::string_view> words) const {
    return test::redis(config, words).value().number;
  }
  // How many of `count` are allowed; -1 when Redis is not asked.
  int take_many(Counters& from, int count) const {
    int allowed = 0;
    for (int i = 0; i < count; ++i) {
      const auto taken = from.take("a:1", {.size = 10, .window = std::chrono::hours(1)});
      if (!taken) return -1;
      allowed += taken->allowed;
    }
    return allowed;
  }
  static constexpr std::string_view key = "usher:{limits}:a:1";

  std::unique_ptr<support::RedisServer> server = support::RedisServer::start();
  cache::Config config;
  std::unique_ptr<Counters> counters;
};

TEST_F(RedisCountersTest, AllNodesTakeFromOneBucket) {
  const auto other = create();
  EXPECT_EQ(take_many(*counters, 6) + take_many(*other, 6), 10);
  EXPECT_EQ(take_many(*counters, 5), 0);
}

// The rule is said twice, in Lua and in C++.
TEST_F(RedisCountersTest, AnswersAsTheRuleDoes) {
  const BucketRule rule{.size = 7, .window = seconds(10)};
  Micros full_at{};
  for (int i = 0; i < 12; ++i) {
    const auto there = counters->take("b", rule);
    const Taken here = take(full_at, seconds(1000), rule);
    ASSERT_TRUE(there);
    EXPECT_EQ(there->allowed, here.allowed) << i;
    EXPECT_NEAR(static_cast<double>(there->full_in.count()), static_cast<double>(here.full_in.count()), 1e6) << i;
  }
}

TEST_F(RedisCountersTest, ABucketIsForgottenOnceItIsFull) {
  take_many(*counters, 1);
  const int64_t life = redis({"PTTL", key});
  EXPECT_GT(life, 350'000);
  EXPECT_LE(life, 360'000);
}

TEST_F(RedisCountersTest, ComesBackByItself) {
  EXPECT_EQ(take_many(*counters, 1), 1);
  server->kill();
  EXPECT_EQ(take_many(*counters, 1), -1);
  EXPECT_EQ(take_many(*counters, 1), -1);
  server->restart();
  wait_for(*counters);
  EXPECT_EQ(take_many(*counters, 1), 1);
}

TEST_F(RedisCountersTest, ARedisThatStandsStillHoldsNobodyUpForLong) {
  EXPECT_EQ(take_many(*counters, 1), 1);
  server->pause();
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(take_many(*counters, 1), -1);
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(1));
  server->resume();
}

TEST_F(RedisCountersTest, AFailOverToAnotherClockEmptiesNoBucketForLong) {
  redis({"SET", key, "99999999999999999"});
  EXPECT_EQ(take_many(*counters, 1), 0);
  const auto taken = counters->take("a:1", {.size = 10, .window = std::chrono::hours(1)});
  ASSERT_TRUE(taken);
  EXPECT_LE(taken->full_in, std::chrono::hours(1));
}

TEST_F(RedisCountersTest, AKeyOfAnotherKindIsNoAnswer) {
  redis({"LPUSH", key, "x"});
  EXPECT_EQ(take_many(*counters, 1), -1);
}

}  // namespace
}  // namespace limits
