#include "limits/guess_limit.h"

#include <gtest/gtest.h>

#include "tests/support/fake_guesses.h"
#include "tests/support/fake_transactor.h"

namespace limits {
namespace {

using core::Seconds;

struct GuessLimitTest : testing::Test {
  core::FakeClock clock;
  core::Metrics metrics;
  test::FakeTransactor transactor;
  test::FakeGuesses rows;
  Config config;
  GuessLimit limit{rows, crypto::Secret(std::string(32, 'g')), config, clock, metrics};

  static int64_t waits(const core::Result<>& heard) {
    if (heard) return 0;
    EXPECT_EQ(heard.error().code, core::Code::too_many_attempts);
    return heard.error().retry_after.count();
  }
  // Seconds to wait; 0 when it is heard.
  int64_t check(std::string_view email) {
    return waits(transactor.reading([&](core::Tx& tx) { return limit.check(tx, email); }));
  }
  int64_t judge(std::string_view email, Guess guess) {
    return waits(transactor.atomically([&](core::Tx& tx) { return limit.judge(tx, email, guess); }).value());
  }
  void fail(std::string_view email, int times) {
    for (int i = 0; i < times; ++i) EXPECT_EQ(judge(email, Guess::wrong), 0) << i;
  }
};

TEST_F(GuessLimitTest, TheTwentiethFailureBeginsTheWaiting) {
  fail("a@example.com", 19);
  EXPECT_EQ(check("a@example.com"), 0);
  fail("a@example.com", 1);
  EXPECT_EQ(check("a@example.com"), 30);
  EXPECT_EQ(check("b@example.com"), 0);
  clock.advance(core::Millis(29'001));
  EXPECT_EQ(check("a@example.com"), 1);
  clock.advance(core::Millis(999));
  EXPECT_EQ(check("a@example.com"), 0);
  fail("a@example.com", 1);
  EXPECT_EQ(check("a@example.com"), 60);
}

// Compared at once, counted one by one: the right password among them is as little heard as the wrong ones.
TEST_F(GuessLimitTest, WhatComesTooLateLearnsNothing) {
  fail("a@example.com", 20);
  EXPECT_EQ(judge("a@example.com", Guess::right), 30);
  EXPECT_EQ(judge("a@example.com", Guess::wrong), 30);
  EXPECT_EQ(rows.rows.begin()->second.failures, 20) << "nor does it count";
}

TEST_F(GuessLimitTest, ARightOneAndAProvedAddressBeginAnew) {
  fail("a@example.com", 19);
  EXPECT_EQ(judge("a@example.com", Guess::right), 0);
  EXPECT_TRUE(rows.rows.empty());
  EXPECT_EQ(judge("a@example.com", Guess::right), 0);
  fail("a@example.com", 20);
  EXPECT_TRUE(transactor.atomically([&](core::Tx& tx) { return limit.forget(tx, "a@example.com"); }));
  EXPECT_EQ(check("a@example.com"), 0);
}

TEST_F(GuessLimitTest, AHundredInARowAreTheLast) {
  while (rows.rows.empty() || rows.rows.begin()->second.failures < 100) {
    clock.advance(std::chrono::hours(1));
    ASSERT_EQ(judge("a@example.com", Guess::wrong), 0);
  }
  clock.advance(std::chrono::hours(24 * 29));
  EXPECT_GT(check("a@example.com"), 0);
  EXPECT_EQ(judge("a@example.com", Guess::right), 24 * 3600);
}

TEST_F(GuessLimitTest, NothingCountsWithoutLimits) {
  config.enabled = false;
  fail("a@example.com", 200);
  EXPECT_EQ(check("a@example.com"), 0);
  EXPECT_TRUE(rows.rows.empty());
}

TEST_F(GuessLimitTest, TheTableNamesNobody) {
  fail("a@example.com", 1);
  const auto& subject = rows.rows.begin()->first;
  EXPECT_NE(subject, crypto::sha256(crypto::as_bytes("a@example.com")));
  clock.advance(std::chrono::hours(24 * 31));
  EXPECT_EQ(transactor.atomically([&](core::Tx& tx) { return limit.prune(tx, 10); }), 1);
}

}  // namespace
}  // namespace limits
