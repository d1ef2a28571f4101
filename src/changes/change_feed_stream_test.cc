// Changes that travel by the stream, and when it may be trusted. Time stands still unless a test moves it.
#include <gtest/gtest.h>

#include <algorithm>

#include "changes/change_feed.h"
#include "changes/change_for_test.h"
#include "tests/support/fake_changes.h"
#include "tests/support/fake_stream.h"
#include "tests/support/fake_transactor.h"

namespace changes {
namespace {

using core::Millis;

struct Node {
  Node(core::Transactor& transactor, Store& store, const core::Clock& clock, test::FakeStream::Entries& entries)
      : stream(entries), feed(transactor, store, clock, [] { return std::nullopt; }, metrics, {&stream, false}) {
    feed.subscribe([this](const auto& heard) { told.push_back(heard); });
  }
  int64_t times(const std::optional<Change>& what) const { return std::ranges::count(told, what); }

  test::FakeStream stream;
  core::Metrics metrics;
  std::vector<std::optional<Change>> told;
  Feed feed;
};

struct StreamTest : testing::Test {
  core::FakeClock clock;
  test::FakeTransactor transactor;
  test::FakeChanges store{clock};
  test::FakeStream::Entries entries;
  Node node{transactor, store, clock, entries}, other{transactor, store, clock, entries};

  StreamTest() { transactor.track(store.rows); }
  void announce(Node& by, const std::vector<Change>& made) {
    ASSERT_TRUE(transactor.atomically([&](core::Tx& tx) -> core::Result<> {
      for (const Change& one : made) TRY(by.feed.announce(tx, one));
      return {};
    }));
  }
  // Joined, polled since, and heard of the stream.
  void settle() {
    ASSERT_TRUE(node.feed.follow());
    poll();
    ASSERT_TRUE(node.feed.follow());
  }
  // Later than anything that happened: what was sent in the same millisecond proves nothing.
  void poll() {
    clock.advance(Millis(1));
    ASSERT_TRUE(node.feed.poll());
  }
  bool fresh() { return node.feed.fresh(clock.boot()); }
  // What the stream alone makes of it: the last poll is too old to be believed.
  bool fresh_by_stream() {
    clock.advance(Feed::trust);
    return node.feed.follow() && fresh();
  }
};

TEST_F(StreamTest, AnotherNodesChangeArrivesWithTheNextRead) {
  settle();
  announce(other, {change(1)});
  EXPECT_EQ(node.times(change(1)), 0);
  ASSERT_TRUE(node.feed.follow());
  EXPECT_EQ(node.times(change(1)), 1);
}

TEST_F(StreamTest, TheChangesOfOneTransactionAreOneEntryEachOnce) {
  settle();
  const size_t before = entries.all.size();
  announce(other, {change(1), change(2, Kind::user), change(1)});
  ASSERT_EQ(entries.all.size(), before + 1);
  EXPECT_EQ(entries.all.back().changes, (std::vector{change(1), change(2, Kind::user)}));
}

TEST_F(StreamTest, WhileTheStreamIsReadThePollMayBeOlder) {
  settle();
  for (int seconds = 1; seconds < 30; ++seconds) EXPECT_TRUE(fresh_by_stream()) << seconds;
  EXPECT_FALSE(fresh_by_stream()) << "thirty seconds without the store";
  poll();
  EXPECT_TRUE(fresh());
}

TEST_F(StreamTest, TheStreamIsTrustedForHalfASecondFromItsQuestion) {
  settle();
  ASSERT_TRUE(fresh_by_stream());
  clock.advance(Feed::stream_trust - Millis(1));
  EXPECT_TRUE(fresh());
  clock.advance(Millis(1));
  EXPECT_FALSE(fresh());
}

// A stream that was evicted, or whose ids went back, gives nothing for ever.
TEST_F(StreamTest, SilenceIsNoProof) {
  settle();
  node.stream.quiet = true;
  EXPECT_FALSE(fresh_by_stream());
}

// What was published before the node joined is in the outbox, which must be asked after that.
TEST_F(StreamTest, JoiningIsTrustedOnceAPollWasSentAfterIt) {
  poll();
  announce(other, {change(1)});
  clock.advance(Millis(10));
  ASSERT_TRUE(node.feed.follow());
  EXPECT_FALSE(fresh_by_stream());
  EXPECT_EQ(node.times(change(1)), 0);
  poll();
  EXPECT_EQ(node.times(change(1)), 1);
  EXPECT_TRUE(fresh_by_stream());
}

TEST_F(StreamTest, AGapIsTrustedOnceAPollWasSentAfterIt) {
  settle();
  entries.add({change(1)});
  entries.all.pop_back();  // trimmed before it was read; its number is gone
  EXPECT_FALSE(fresh_by_stream());
  EXPECT_FALSE(fresh_by_stream());
  poll();
  EXPECT_TRUE(fresh_by_stream());
}

TEST_F(StreamTest, AnotherEpochIsAGapAlsoWithTheNumberThatWasExpected) {
  settle();
  const int64_t number = entries.number;
  entries.begin_epoch("second");
  entries.number = number;
  EXPECT_FALSE(fresh_by_stream());
  poll();
  EXPECT_TRUE(fresh_by_stream());
}

TEST_F(StreamTest, AfterAFailureTheStreamIsJoinedAnew) {
  settle();
  node.stream.down = true;
  EXPECT_FALSE(node.feed.follow());
  announce(other, {change(1)});  // reaches the stream while this node is cut off
  node.stream.down = false;
  EXPECT_FALSE(fresh_by_stream()) << "joined, but not polled since";
  EXPECT_FALSE(fresh_by_stream());
  poll();
  EXPECT_EQ(node.times(change(1)), 1);
  EXPECT_TRUE(fresh_by_stream());
}

TEST_F(StreamTest, AReadThatDidNotReachTheEndIsNoProof) {
  settle();
  for (size_t i = 0; i < Stream::most; ++i) entries.add({});
  EXPECT_FALSE(fresh_by_stream());
  EXPECT_TRUE(fresh_by_stream());
}

TEST_F(StreamTest, AChangeOfANewerVersionMeansAnything) {
  settle();
  entries.add({change(1)});
  entries.all.back().unknown = true;
  ASSERT_TRUE(node.feed.follow());
  EXPECT_EQ(node.times(std::nullopt), 1);
  EXPECT_EQ(node.times(change(1)), 1);
}

TEST_F(StreamTest, WhoCannotPublishWaitsUntilTheOthersHavePolled) {
  core::Metrics metrics;
  test::FakeStream stream(entries);
  Feed feed(transactor, store, clock, [] { return std::nullopt; }, metrics, {&stream, true});
  const auto took = [&] {
    const auto began = std::chrono::steady_clock::now();
    EXPECT_TRUE(transactor.atomically([&](core::Tx& tx) -> core::Result<> {
      TRY(feed.announce(tx, change(1)));
      return feed.announce(tx, change(2));
    }));
    return std::chrono::steady_clock::now() - began;
  };
  EXPECT_LT(took(), Feed::interval);
  stream.down = true;
  const auto waited = took();
  EXPECT_GE(waited, Feed::interval);
  EXPECT_LT(waited, 2 * Feed::interval) << "once for all changes of the transaction";
}

// Copies of what was read (recent_changes.h).
TEST_F(StreamTest, ACopyIsCoveredUntilItsUserChangesHereOrElsewhere) {
  settle();
  announce(other, {change(9)});
  poll();
  const Cursor copied = node.feed.reached();
  EXPECT_TRUE(node.feed.covers(copied, change(1).key));
  announce(other, {change(1)});
  EXPECT_TRUE(node.feed.covers(copied, change(1).key)) << "nothing was heard yet";
  ASSERT_TRUE(node.feed.follow());
  EXPECT_FALSE(node.feed.covers(copied, change(1).key)) << "by the stream";
  poll();
  EXPECT_FALSE(node.feed.covers(copied, change(1).key)) << "by its row";
  EXPECT_TRUE(node.feed.covers(node.feed.reached(), change(2).key));
  announce(node, {change(2)});
  EXPECT_FALSE(node.feed.covers(node.feed.reached(), change(2).key)) << "its own, not polled yet";
  poll();
  poll();
  EXPECT_TRUE(node.feed.covers(node.feed.reached(), change(2).key));
}

TEST_F(StreamTest, AfterAGapEarlierCopiesAreNotBelieved) {
  settle();
  announce(other, {change(9)});
  poll();
  const Cursor copied = node.feed.reached();
  entries.add({});
  entries.all.back().unknown = true;
  ASSERT_TRUE(node.feed.follow());
  EXPECT_FALSE(node.feed.covers(copied, change(1).key));
  poll();
  EXPECT_TRUE(node.feed.covers(node.feed.reached(), change(1).key));
  ASSERT_FALSE(store.rows.empty());
  store.rows.back().at += Millis(1);  // another row has its number
  poll();
  EXPECT_FALSE(node.feed.covers(copied, change(1).key));
  poll();
  EXPECT_TRUE(node.feed.covers(node.feed.reached(), change(1).key));
}

TEST_F(StreamTest, WhoStartsKnowsWhatLedThere) {
  settle();
  announce(other, {change(9)});
  poll();
  const Cursor before = node.feed.reached();
  announce(other, {change(1)});
  poll();
  Node late{transactor, store, clock, entries};
  ASSERT_TRUE(late.feed.start());
  EXPECT_FALSE(late.feed.covers(before, change(1).key));
  EXPECT_TRUE(late.feed.covers(before, change(2).key));
  EXPECT_TRUE(late.feed.covers(node.feed.reached(), change(1).key));
}

}  // namespace
}  // namespace changes
