// A copy is believed only when its reader saw every change of its user that this process knows.
#include "changes/recent_changes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "changes/change_for_test.h"

namespace changes {
namespace {

using core::Millis;

core::Time at(int64_t ms) { return core::from_millis(1'800'000'000'000 + ms); }
const core::Uuid ada = change(1).key, bob = change(2).key;

struct RecentChangesTest : testing::Test {
  RecentChanges recent;
  Cursor floor{.seq = 10, .txid = 100, .at = at(10)};

  RecentChangesTest() { recent.begin(floor); }
  static Row row(int64_t seq, int64_t txid, const Change& made) { return {seq, txid, at(seq), made}; }
  static Cursor cursor(int64_t seq, int64_t txid) { return {.seq = seq, .txid = txid, .at = at(seq)}; }
};

TEST_F(RecentChangesTest, WithoutABeginningNothingIsBelieved) {
  const RecentChanges blind;
  EXPECT_FALSE(blind.covers(floor, ada));
  EXPECT_TRUE(recent.covers(floor, ada));
}

TEST_F(RecentChangesTest, AChangeOutdatesCopiesOfItsUserOnly) {
  recent.add(row(11, 101, change(1)));
  EXPECT_FALSE(recent.covers(cursor(10, 101), ada));
  EXPECT_TRUE(recent.covers(cursor(10, 101), bob));
  EXPECT_TRUE(recent.covers(cursor(11, 102), ada));
}

TEST_F(RecentChangesTest, ATransactionThatCommittedLateOutdatesCopiesAboveItsNumber) {
  recent.add(row(12, 102, change(2)));
  recent.add(row(11, 101, change(1)));
  EXPECT_FALSE(recent.covers(cursor(12, 101), ada)) << "it may have been open when the copy was read";
  EXPECT_TRUE(recent.covers(cursor(12, 103), ada));
}

TEST_F(RecentChangesTest, WhatConcernsAllOutdatesAllCopies) {
  recent.add({11, 101, at(11), {Kind::roles}});
  EXPECT_FALSE(recent.covers(floor, ada));
  EXPECT_FALSE(recent.covers(floor, bob));
}

TEST_F(RecentChangesTest, WhatWasToldEarlyCountsUntilAPollThatWasSentLater) {
  recent.mention(change(1), Millis(500));
  EXPECT_FALSE(recent.covers(floor, ada));
  EXPECT_TRUE(recent.covers(floor, bob));
  recent.polled(Millis(500), floor);
  EXPECT_FALSE(recent.covers(floor, ada));
  recent.polled(Millis(501), floor);
  EXPECT_TRUE(recent.covers(floor, ada));
}

TEST_F(RecentChangesTest, ARowOfAnotherTimeIsAnotherDatabase) {
  recent.add(row(11, 101, change(3)));
  EXPECT_TRUE(recent.covers(cursor(11, 102), ada));
  EXPECT_FALSE(recent.covers({.seq = 11, .txid = 102, .at = at(12)}, ada));
  EXPECT_FALSE(recent.covers({.seq = 10, .txid = 102, .at = at(12)}, ada)) << "the floor's row";
  EXPECT_FALSE(recent.covers(cursor(12, 102), ada)) << "no such row";
  EXPECT_FALSE(recent.covers({.seq = 0, .txid = 102}, ada)) << "an empty outbox";
}

TEST_F(RecentChangesTest, WhatIsOlderThanItsBeginningIsNotKnown) {
  EXPECT_FALSE(recent.covers(cursor(9, 101), ada));
  EXPECT_FALSE(recent.covers(cursor(10, 99), ada));
}

TEST_F(RecentChangesTest, ItForgetsTheOldestAndThenWhatIsOlderThanThat) {
  RecentChanges few(2);
  few.begin(floor);
  for (int64_t i = 11; i <= 14; ++i) few.add(row(i, 90 + i, change(static_cast<uint8_t>(i))));
  EXPECT_FALSE(few.covers(cursor(11, 102), ada));
  EXPECT_TRUE(few.covers(cursor(12, 103), ada));
  EXPECT_TRUE(few.covers(cursor(14, 105), ada));
  EXPECT_FALSE(few.covers(cursor(13, 104), change(14).key));
}

TEST_F(RecentChangesTest, AfterAGapItBeginsAnew) {
  recent.add(row(11, 101, change(1)));
  recent.forget();
  EXPECT_FALSE(recent.covers(cursor(11, 102), bob));
  recent.begin(cursor(20, 200));
  EXPECT_FALSE(recent.covers(cursor(11, 102), bob));
  EXPECT_TRUE(recent.covers(cursor(20, 200), ada));
}

// PostgreSQL in small: transactions take their number and their rows' when they write, and commit in any order.
struct Outbox {
  std::mt19937_64 random;
  int64_t next_txid = 100, next_seq = 10;
  std::map<int64_t, std::vector<Row>> open;
  std::vector<Row> committed{{10, 99, at(10), change(9)}};

  size_t below(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random); }
  void write() {
    const int64_t txid =
        open.empty() || below(3) > 0 ? next_txid++ : std::next(open.begin(), below(open.size()))->first;
    open[txid].push_back({++next_seq, txid, at(next_seq), change(static_cast<uint8_t>(1 + below(5)))});
  }
  void finish() {
    if (open.empty()) return;
    const auto one = std::next(open.begin(), static_cast<ptrdiff_t>(below(open.size())));
    if (below(4) > 0) committed.insert(committed.end(), one->second.begin(), one->second.end());
    open.erase(one);
  }
  Cursor head() const {
    const Row& newest = *std::ranges::max_element(committed, {}, &Row::seq);
    return {.seq = newest.seq, .txid = open.empty() ? next_txid : open.begin()->first, .at = newest.at};
  }
  std::vector<Row> since(const Cursor& cursor) const {
    std::vector<Row> rows;
    for (const Row& row : committed)
      if (row.seq > cursor.seq || row.txid >= cursor.txid) rows.push_back(row);
    return rows;
  }
  size_t of(const core::Uuid& user) const {
    return static_cast<size_t>(std::ranges::count(committed, user, [](const Row& row) { return row.change.key; }));
  }
};

// One who makes copies and one who judges them, each with polls of his own.
struct Judge {
  Outbox outbox;
  Cursor maker, cursor;
  std::map<core::Uuid, size_t> known;  // of each user's changes, when the judge polled last
  struct Made {
    Cursor seen;
    core::Uuid user;
    size_t changes;  // that its reader saw
  };
  std::vector<Made> copies;
  RecentChanges recent{30};
  size_t believed = 0, outdated = 0;

  explicit Judge(uint64_t seed) : outbox{.random = std::mt19937_64(seed)} {}
  void make() {
    const core::Uuid user = change(static_cast<uint8_t>(1 + outbox.below(5))).key;
    copies.push_back({maker, user, outbox.of(user)});
    if (copies.size() > 20) copies.erase(copies.begin());
  }
  void poll() {
    const auto rows = outbox.since(cursor);
    recent.begin(cursor);
    for (const Row& row : rows) recent.add(row);
    cursor = outbox.head();
    for (uint8_t i = 1; i <= 5; ++i) known[change(i).key] = outbox.of(change(i).key);
  }
  void judge() {
    for (const Made& copy : copies) {
      if (!recent.covers(copy.seen, copy.user)) continue;
      ++believed;
      if (copy.changes < known[copy.user]) ++outdated;
    }
  }
  void step() {
    switch (outbox.below(9)) {
      case 0:
      case 1:
        return outbox.write();
      case 2:
      case 3:
        return outbox.finish();
      case 4:
        maker = outbox.head();
        return;
      case 5:
        return make();
      case 6:
        if (outbox.below(20) == 0) recent.forget();
        return;
      case 7:
        return poll();
      default:
        return judge();
    }
  }
};

TEST(RecentChangesProperty, NoOutdatedCopyIsBelievedWhateverTheOrderOfCommits) {
  const uint64_t seed = std::random_device()();
  size_t believed = 0;
  for (uint64_t i = 0; i < 50; ++i) {
    Judge world(seed + i);
    for (int step = 0; step < 2000; ++step) world.step();
    EXPECT_EQ(world.outdated, 0u) << "seed " << seed + i;
    believed += world.believed;
  }
  EXPECT_GT(believed, 5000u);
}

}  // namespace
}  // namespace changes
