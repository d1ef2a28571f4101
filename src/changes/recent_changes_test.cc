// A copy is believed only when its reader saw every change of its user that this process knows.
#include "changes/recent_changes.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace changes
