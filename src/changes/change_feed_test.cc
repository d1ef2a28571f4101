#include "changes/change_feed.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "changes/change_for_test.h"
#include "changes/change_store_sql.h"
#include "tests/support/databases.h"
#include "tests/support/fake_changes.h"
#include "tests/support/fake_transactor.h"

namespace changes {
namespace {

using core::Millis;

struct FeedTest : testing::Test {
  core::FakeClock clock;
  test::FakeTransactor transactor;
  test::FakeChanges store{clock};
  core::Metrics metrics, other_metrics;
  std::optional<int64_t> version;  // absent: ask the store each time
  std::vector<std::optional<Change>> told, told_other;
  Feed feed{transactor, store, clock, [this] { return version; }, metrics};
  Feed other{transactor, store, clock, [] { return std::nullopt; }, other_metrics};  // of another process

  FeedTest() {
    transactor.track(store.rows);
    feed.subscribe([this](const auto& heard) { told.push_back(heard); });
    other.subscribe([this](const auto& heard) { told_other.push_back(heard); });
  }
  void announce(Feed& by, const Change& made) {
    ASSERT_TRUE(transactor.atomically([&](core::Tx& tx) { return by.announce(tx, made); }));
  }
  void poll() { ASSERT_TRUE(feed.poll()); }
  int64_t times(const std::optional<Change>& what) { return std::ranges::count(told, what); }
};

TEST_F(FeedTest, SubscribersOfThisProcessAreToldBeforeTheCallerContinues) {
  announce(feed, change(1));
  EXPECT_EQ(told, (std::vector{std::optional(change(1))}));
}

TEST_F(FeedTest, WithinTheTransactionNobodyIsToldYet) {
  ASSERT_TRUE(transactor.atomically([&](core::Tx& tx) -> core::Result<> {
    TRY(feed.announce(tx, change(1)));
    EXPECT_TRUE(told.empty());
    return {};
  }));
  EXPECT_EQ(told.size(), 1u);
}

TEST_F(FeedTest, OtherProcessesHearOfItWithTheNextPoll) {
  poll();
  announce(other, change(1));
  EXPECT_EQ(times(change(1)), 0);
  poll();
  EXPECT_EQ(times(change(1)), 1);
  poll();
  EXPECT_EQ(times(change(1)), 1);
}

TEST_F(FeedTest, APeriodOfDistrustIsCountedOnce) {
  const auto periods = [&](int count) {
    return metrics.render().find("usher_distrust_total " + std::to_string(count)) != std::string::npos;
  };
  poll();
  EXPECT_TRUE(periods(1)) << "nothing was known before";
  clock.advance(Feed::trust - core::Millis(1));
  poll();
  EXPECT_TRUE(periods(1));
  clock.advance(Feed::trust);
  poll();
  poll();
  EXPECT_TRUE(periods(2));
}

TEST_F(FeedTest, EverySubscriberIsTold) {
  int second = 0;
  feed.subscribe([&](const auto&) { ++second; });
  announce(feed, change(1));
  EXPECT_EQ(second, 1);
}

TEST_F(FeedTest, AGapMeansThatAnythingMayHaveChanged) {
  announce(other, change(1));
  poll();
  told.clear();
  for (uint8_t i = 2; i < 9; ++i) announce(other, change(i));
  store.rows.erase(store.rows.begin(), store.rows.end() - 1);
  poll();
  EXPECT_EQ(times(std::nullopt), 1);
  told.clear();
  poll();
  EXPECT_TRUE(told.empty()) << "once";
}

// What follows the last poll is lost most easily, and only its own process knows of it.
TEST_F(FeedTest, ADatabaseThatLostTransactionsIsToldOnce) {
  const auto lose_last = [&] { store.rows.pop_back(); };
  int went_back = 0;
  feed.on_going_back([&] { ++went_back; });
  announce(other, change(1));
  announce(other, change(2));
  poll();

  lose_last();  // seen by a poll
  poll();
  EXPECT_EQ(went_back, 1);
  EXPECT_EQ(times(std::nullopt), 1);

  announce(feed, change(3));
  lose_last();  // not yet seen by one
  transactor.unavailable = true;
  EXPECT_FALSE(feed.poll());
  transactor.unavailable = false;
  poll();
  EXPECT_EQ(went_back, 2);
  EXPECT_EQ(times(std::nullopt), 2);

  announce(feed, change(4));
  lose_last();
  for (Feed* by : {&other, &feed}) announce(*by, change(5));  // and written to before anybody looked
  poll();
  EXPECT_EQ(went_back, 3);
  for (int i = 0; i < 3; ++i) poll();
  EXPECT_EQ(went_back, 3);
}

TEST_F(FeedTest, NothingElseIsTakenForALoss) {
  feed.on_going_back([] { ADD_FAILURE(); });
  poll();
  for (uint8_t i = 1; i < 9; ++i) {
    announce(i % 2 ? feed : other, change(i));
    if (i % 3 == 0) poll();
  }
  store.rows.erase(store.rows.begin(), store.rows.end() - 1);  // an ordinary gap
  poll();
  announce(feed, change(9));
  EXPECT_FALSE(transactor.atomically([&](core::Tx& tx) -> core::Result<> {
    TRY(feed.announce(tx, change(10)));
    return core::fail(core::Code::conflict);
  })) << "undone, so its number is left out";
  announce(other, change(11));
  poll();
  poll();
}

TEST_F(FeedTest, FreshnessCountsFromWhenThePollWasSent) {
  EXPECT_FALSE(feed.fresh(clock.boot())) << "nothing was heard yet";
  poll();
  const Millis sent = clock.boot();
  EXPECT_TRUE(feed.fresh(sent));
  EXPECT_TRUE(feed.fresh(sent + Millis(999)));
  EXPECT_FALSE(feed.fresh(sent + Millis(1000)));
  EXPECT_TRUE(feed.fresh(sent - Millis(5000))) << "what arrived before the poll was sent";
  EXPECT_EQ(feed.age(sent + Millis(70)), Millis(70));
}

// An answer that took long says how it was when it was asked for.
TEST_F(FeedTest, ASlowPollIsAsOldAsItsQuestion) {
  struct SlowStore final : Store {
    test::FakeChanges& rows;
    core::FakeClock& clock;
    Millis takes{0};
    SlowStore(test::FakeChanges& its_rows, core::FakeClock& its_clock) : rows(its_rows), clock(its_clock) {}
    core::Result<int64_t> append(core::Tx& tx, const Change& made) override { return rows.append(tx, made); }
    core::Result<bool> holds(core::Tx& tx, int64_t seq) override { return rows.holds(tx, seq); }
    core::Result<Cursor> head(core::Tx& tx) override { return rows.head(tx); }
    core::Result<std::optional<Cursor>> back(core::Tx& tx, int64_t most) override { return rows.back(tx, most); }
    core::Result<Batch> list(core::Tx& tx, const Cursor& since) override {
      auto batch = rows.list(tx, since);
      clock.advance(takes);
      return batch;
    }
    core::Result<int64_t> prune(core::Tx& tx, core::Time before, int64_t limit) override {
      return rows.prune(tx, before, limit);
    }
  } slow(store, clock);
  core::Metrics own;
  Feed late(transactor, slow, clock, [] { return std::nullopt; }, own);
  slow.takes = Millis(700);
  ASSERT_TRUE(late.poll());
  EXPECT_EQ(late.age(clock.boot()), Millis(700));
  EXPECT_TRUE(late.fresh(clock.boot() + Millis(299)));
  EXPECT_FALSE(late.fresh(clock.boot() + Millis(300)));
  slow.takes = Millis(1500);
  ASSERT_TRUE(late.poll());
  EXPECT_FALSE(late.fresh(clock.boot()));
}

TEST_F(FeedTest, AClockThatIsSetDoesNotMakeItFresh) {
  poll();
  clock.advance(Millis(1000));
  clock.jump(-std::chrono::hours(1));
  EXPECT_FALSE(feed.fresh(clock.boot()));
}

TEST_F(FeedTest, APollThatFailsIsNoNews) {
  poll();
  announce(other, change(1));
  transactor.unavailable = true;
  clock.advance(Millis(600));
  EXPECT_FALSE(feed.poll());
  clock.advance(Millis(399));
  EXPECT_TRUE(feed.fresh(clock.boot()));
  EXPECT_FALSE(feed.poll());
  clock.advance(Millis(1));
  EXPECT_FALSE(feed.fresh(clock.boot()));
  transactor.unavailable = false;
  poll();
  EXPECT_TRUE(feed.fresh(clock.boot()));
  EXPECT_EQ(times(change(1)), 1) << "what happened meanwhile is heard";
}

TEST_F(FeedTest, WhileTheVersionStandsStillPollsAskNothing) {
  version = 7;
  poll();
  const int lists = store.lists;
  clock.advance(Millis(5000));
  poll();
  EXPECT_EQ(store.lists, lists);
  EXPECT_TRUE(feed.fresh(clock.boot()));
  announce(other, change(1));
  version = 8;
  poll();
  EXPECT_EQ(times(change(1)), 1);
}

TEST_F(FeedTest, AVersionIsNotSeenBeforeItsChangesWereRead) {
  version = 1;
  poll();
  announce(other, change(1));
  version = 2;
  transactor.unavailable = true;
  EXPECT_FALSE(feed.poll());
  transactor.unavailable = false;
  poll();
  EXPECT_EQ(times(change(1)), 1);
}

TEST_F(FeedTest, ItStartsAtWhatIsCommittedAndPollsByItself) {
  announce(other, change(1));
  told.clear();
  std::atomic<int> heard{0};
  core::SystemClock system;
  core::Metrics own;
  Feed running(transactor, store, system, [] { return std::nullopt; }, own);
  running.subscribe([&](const std::optional<Change>& what) {
    EXPECT_EQ(what, change(2));
    ++heard;
  });
  ASSERT_TRUE(running.start());
  EXPECT_TRUE(running.fresh(system.boot()));
  announce(other, change(2));
  for (int i = 0; i < 300 && heard == 0; ++i) std::this_thread::sleep_for(Millis(10));
  running.stop();
  EXPECT_EQ(heard, 1);
  announce(other, change(3));
  EXPECT_EQ(heard, 1);
}

TEST_F(FeedTest, WithoutAStoreItDoesNotStart) {
  transactor.unavailable = true;
  EXPECT_FALSE(feed.start());
}

// On PostgreSQL a poll repeats what a transaction that is still open may overtake; subscribers are not bothered twice.
TEST(PostgresFeed, WhatIsReadAgainIsToldOnce) {
  const auto database = support::open_test_postgres();
  if (!database) GTEST_SKIP() << "PostgreSQL is not installed";
  core::SystemClock clock;
  core::Metrics metrics, writer_metrics;
  const auto store = create_sql_store();
  Feed writer(*database, *store, clock, [] { return std::nullopt; }, writer_metrics);
  Feed feed(*database, *store, clock, [] { return std::nullopt; }, metrics);
  std::vector<std::optional<Change>> told;
  feed.subscribe([&](const auto& heard) { told.push_back(heard); });
  EXPECT_TRUE(database->atomically([&](core::Tx& tx) { return writer.announce(tx, change(0)); }));
  EXPECT_TRUE(feed.poll());
  told.clear();
  EXPECT_TRUE(database->atomically([&](core::Tx& open) -> core::Result<> {
    TRY(writer.announce(open, change(1)));
    std::jthread([&] {
      EXPECT_TRUE(database->atomically([&](core::Tx& tx) { return writer.announce(tx, change(2)); }));
      for (int i = 0; i < 5; ++i) EXPECT_TRUE(feed.poll());
    }).join();
    return {};
  }));
  EXPECT_EQ(told, (std::vector{std::optional(change(2))}));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(feed.poll());
  EXPECT_EQ(told, (std::vector{std::optional(change(2)), std::optional(change(1))}));
}

}  // namespace
}  // namespace changes
