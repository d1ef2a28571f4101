#include "limits/rate_limiter.h"

#include <gtest/gtest.h>

namespace limits {
namespace {

using http::Budget;

// Counters of another place, which may be out of reach.
struct Elsewhere final : Counters {
  explicit Elsewhere(const core::Clock& clock) : counters(clock) {}
  core::Result<Taken> take(std::string_view key, const BucketRule& rule) override {
    if (away) return core::fail(core::Code::store_unavailable);
    keys.emplace_back(key);
    return counters.take(key, rule);
  }
  LocalCounters counters;
  std::vector<std::string> keys;
  bool away = false;
};

struct RateLimiterTest : testing::Test {
  core::FakeClock clock;
  core::Metrics metrics;
  Config config{.sign_ins = 6, .mails = 4, .calls = 10, .exempt = {"127.0.0.0/8", "2001:db8:1::/48"}};
  Elsewhere* elsewhere = nullptr;

  RateLimiter create(bool shared = false) {
    auto counters = shared ? std::make_unique<Elsewhere>(clock) : nullptr;
    elsewhere = counters.get();
    return {config, clock, std::move(counters), metrics};
  }
  static int allowed(RateLimiter& limiter, Budget budget, std::string_view client) {
    int count = 0;
    for (int i = 0; i < 20; ++i) count += limiter.spend(budget, client)->allowed;
    return count;
  }
};

TEST_F(RateLimiterTest, EachAddressAndBudgetIsCountedByItself) {
  auto limiter = create();
  EXPECT_EQ(allowed(limiter, Budget::sign_ins, "192.0.2.1"), 6);
  EXPECT_EQ(allowed(limiter, Budget::mails, "192.0.2.1"), 4);
  EXPECT_EQ(allowed(limiter, Budget::calls, "192.0.2.1"), 10);
  EXPECT_EQ(allowed(limiter, Budget::sign_ins, "192.0.2.2"), 6);
  clock.advance(std::chrono::seconds(10));
  EXPECT_EQ(allowed(limiter, Budget::sign_ins, "192.0.2.1"), 1);
}

TEST_F(RateLimiterTest, TellsWhatIsLeftAndWhenToComeBack) {
  auto limiter = create();
  const auto first = *limiter.spend(Budget::sign_ins, "192.0.2.1");
  EXPECT_EQ(first.limit, 6);
  EXPECT_EQ(first.left, 5);
  EXPECT_EQ(first.full_in, core::Seconds(10));
  allowed(limiter, Budget::sign_ins, "192.0.2.1");
  clock.advance(core::Millis(500));
  const auto refused = *limiter.spend(Budget::sign_ins, "192.0.2.1");
  EXPECT_EQ(refused.left, 0);
  EXPECT_EQ(refused.full_in, core::Seconds(60));
  EXPECT_EQ(refused.retry_in, core::Seconds(10));
}

TEST_F(RateLimiterTest, TheAddressesOfAnIPv6NetworkAreOne) {
  auto limiter = create();
  EXPECT_EQ(allowed(limiter, Budget::sign_ins, "2001:db8:0:1::1"), 6);
  EXPECT_FALSE(limiter.spend(Budget::sign_ins, "2001:db8:0:1:ffff::2")->allowed);
  EXPECT_TRUE(limiter.spend(Budget::sign_ins, "2001:db8:0:2::1")->allowed);
  EXPECT_EQ(allowed(limiter, Budget::sign_ins, "::ffff:192.0.2.1"), 6);
  EXPECT_FALSE(limiter.spend(Budget::sign_ins, "192.0.2.1")->allowed) << "one address in two spellings";
}

TEST_F(RateLimiterTest, SomeAreNotCounted) {
  auto limiter = create();
  EXPECT_FALSE(limiter.spend(Budget::sign_ins, "127.8.9.10"));
  EXPECT_FALSE(limiter.spend(Budget::sign_ins, "2001:db8:1:2::3"));
  EXPECT_FALSE(limiter.spend(Budget::none, "192.0.2.1"));
  EXPECT_FALSE(limiter.spend(Budget::sign_ins, ""));
  config.mails = 0;
  auto without_mails = create();
  EXPECT_FALSE(without_mails.spend(Budget::mails, "192.0.2.1"));
  config.enabled = false;
  auto off = create();
  EXPECT_FALSE(off.spend(Budget::sign_ins, "192.0.2.1"));
}

TEST_F(RateLimiterTest, WhatCostsAHashOrAMailIsCountedForAllNodes) {
  auto limiter = create(true);
  limiter.spend(Budget::sign_ins, "192.0.2.1");
  limiter.spend(Budget::mails, "2001:db8::5");
  limiter.spend(Budget::calls, "192.0.2.1");
  EXPECT_EQ(elsewhere->keys, (std::vector<std::string>{"sign_ins:192.0.2.1", "mails:2001:db8::/64"}));
}

TEST_F(RateLimiterTest, ANodeThatCannotAskIsStricterByItself) {
  auto limiter = create(true);
  elsewhere->away = true;
  EXPECT_EQ(limiter.spend(Budget::sign_ins, "192.0.2.1")->limit, 3);
  EXPECT_EQ(allowed(limiter, Budget::sign_ins, "192.0.2.1"), 2);
  EXPECT_EQ(allowed(limiter, Budget::calls, "192.0.2.1"), 10) << "what each counts alone is as it was";
  elsewhere->away = false;
  EXPECT_EQ(allowed(limiter, Budget::sign_ins, "192.0.2.1"), 6);
}

}  // namespace
}  // namespace limits
