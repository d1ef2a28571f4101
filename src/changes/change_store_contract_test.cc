#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <set>
#include <thread>

#include "changes/change_for_test.h"
#include "changes/change_store_sql.h"
#include "tests/support/databases.h"
#include "tests/support/fake_changes.h"
#include "tests/support/fake_transactor.h"
#include "tests/support/postgres_server.h"

namespace changes {
namespace {

using core::Seconds;

struct World {
  core::FakeClock clock{core::SystemClock().now()};  // PostgreSQL has its own
  std::unique_ptr<core::Transactor> transactor;
  std::unique_ptr<Store> store;
};

std::unique_ptr<World> create_world(const std::string& engine) {
  auto world = std::make_unique<World>();
  if (engine == "Fake") {
    auto transactor = std::make_unique<test::FakeTransactor>();
    auto store = std::make_unique<test::FakeChanges>(world->clock);
    transactor->track(store->rows);
    world->transactor = std::move(transactor);
    world->store = std::move(store);
    return world;
  }
  world->transactor = engine == "Sqlite" ? support::open_test_sqlite(world->clock) : support::open_test_postgres();
  world->store = create_sql_store();
  return world->transactor ? std::move(world) : nullptr;
}

class ChangeStore : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    world = create_world(GetParam());
    if (!world) GTEST_SKIP() << support::postgres_absent;
  }
  template <class F>
  auto in_tx(F work) {
    auto result = world->transactor->atomically(work);
    EXPECT_TRUE(result) << result.error().cause;
    return std::move(result).value();
  }
  void append(const Change& made) {
    in_tx([&](core::Tx& tx) { return world->store->append(tx, made); });
  }
  Batch list(const Cursor& since) {
    auto batch = world->transactor->reading([&](core::Tx& tx) { return world->store->list(tx, since); });
    EXPECT_TRUE(batch) << batch.error().cause;
    return *batch;
  }
  Cursor head() {
    return world->transactor->reading([&](core::Tx& tx) { return world->store->head(tx); }).value();
  }
  int64_t prune(core::Time before, int64_t limit) {
    return in_tx([&](core::Tx& tx) { return world->store->prune(tx, before, limit); });
  }
  // The marks of the keys, sorted, each once: a batch may repeat and come in any order.
  static std::set<int> marks(const Batch& batch) {
    std::set<int> all;
    for (const Row& row : batch.changes) all.insert(row.change.key.bytes[15]);
    return all;
  }
  std::unique_ptr<World> world;
};

TEST_P(ChangeStore, AnEmptyOutboxHasAHead) {
  const Batch batch = list(head());
  EXPECT_TRUE(batch.changes.empty());
  EXPECT_FALSE(batch.gap);
  append(change(1));
  EXPECT_EQ(marks(list(batch.next)), (std::set{1}));
}

TEST_P(ChangeStore, EveryKindComesBackWithItsKey) {
  const Cursor start = head();
  for (const auto& kind : names_of(Kind{})) append(change(7, kind.value));
  std::set<Kind> kinds;
  for (const Row& row : list(start).changes) {
    kinds.insert(row.change.kind);
    EXPECT_EQ(row.change.key, change(7).key);
  }
  EXPECT_EQ(kinds.size(), 4u);
}

TEST_P(ChangeStore, AReaderGetsWhatWasCommittedSince) {
  append(change(1));
  const Cursor cursor = head();
  append(change(2));
  append(change(3));
  const Batch batch = list(cursor);
  EXPECT_TRUE(marks(batch).contains(2) && marks(batch).contains(3));
  EXPECT_FALSE(batch.gap);
  append(change(4));
  EXPECT_TRUE(marks(list(batch.next)).contains(4));
}

TEST_P(ChangeStore, WhatWasUndoneIsNotTold) {
  const Cursor cursor = head();
  EXPECT_FALSE(world->transactor->atomically([&](core::Tx& tx) -> core::Result<> {
    TRY(world->store->append(tx, change(9)));
    return core::fail(core::Code::conflict);
  }));
  append(change(1));
  const Batch batch = list(cursor);
  EXPECT_EQ(marks(batch), (std::set{1}));
}

TEST_P(ChangeStore, SequenceNumbersAreEachGivenOnce) {
  const Cursor cursor = head();
  for (uint8_t i = 0; i < 20; ++i) append(change(i));
  std::set<int64_t> seqs;
  for (const Row& row : list(cursor).changes) seqs.insert(row.seq);
  EXPECT_EQ(seqs.size(), 20u);
}

TEST_P(ChangeStore, PruningInBatchesKeepsTheNewestRow) {
  for (uint8_t i = 1; i <= 5; ++i) append(change(i));
  const core::Time future = world->clock.now() + std::chrono::hours(1);
  EXPECT_EQ(prune(world->clock.now() - std::chrono::hours(1), 100), 0);
  EXPECT_EQ(prune(future, 3), 3);
  EXPECT_EQ(prune(future, 3), 1);
  EXPECT_EQ(prune(future, 3), 0);
}

TEST_P(ChangeStore, AReaderWhoseRowsAreGoneIsTold) {
  append(change(1));
  const Cursor early = head();
  for (uint8_t i = 2; i <= 5; ++i) append(change(i));
  const Cursor late = head();
  prune(world->clock.now() + std::chrono::hours(1), 100);
  EXPECT_TRUE(list(early).gap);
  EXPECT_FALSE(list(early).went_back);
  EXPECT_FALSE(list(late).gap);
  EXPECT_FALSE(list(list(early).next).gap);
}

// A backup that is restored under a running server.
TEST_P(ChangeStore, ADatabaseThatWentBackIsAGapAndReadOnFromThere) {
  for (uint8_t i = 1; i <= 5; ++i) append(change(i));
  Cursor cursor = head();
  cursor.seq += 100;
  const Batch batch = list(cursor);
  EXPECT_TRUE(batch.gap && batch.went_back);
  append(change(6));
  const Batch next = list(batch.next);
  EXPECT_FALSE(next.gap || next.went_back);
  EXPECT_TRUE(marks(next).contains(6));
}

// Its numbers are given again after a restore.
TEST_P(ChangeStore, ADatabaseThatWentBackAndWasWrittenToSinceIsToldByTheRowOfTheCursor) {
  for (uint8_t i = 1; i <= 5; ++i) append(change(i));
  Cursor cursor = head();
  append(change(6));
  EXPECT_FALSE(list(cursor).went_back);
  cursor.at -= Seconds(1);
  EXPECT_TRUE(list(cursor).went_back);
  EXPECT_FALSE(list(list(cursor).next).went_back);
}

TEST_P(ChangeStore, ARowIsHeldUntilItIsPruned) {
  const int64_t seq = in_tx([&](core::Tx& tx) { return world->store->append(tx, change(1)); });
  const auto held = [&](int64_t row) { return in_tx([&](core::Tx& tx) { return world->store->holds(tx, row); }); };
  EXPECT_EQ(seq, head().seq);
  EXPECT_TRUE(held(seq));
  EXPECT_FALSE(held(seq + 1));
  append(change(2));
  prune(world->clock.now() + std::chrono::hours(1), 100);
  EXPECT_FALSE(held(seq));
}

TEST_P(ChangeStore, AReaderGoesBackByAsManyRowsAsHeWants) {
  const auto back = [&](int64_t most) {
    return in_tx([&](core::Tx& tx) { return world->store->back(tx, most); }).value_or(Cursor{});
  };
  for (uint8_t i = 1; i <= 5; ++i) append(change(i));
  EXPECT_EQ(back(1).seq, head().seq);
  EXPECT_EQ(back(1).at, head().at);
  const Batch batch = list(back(3));
  EXPECT_FALSE(batch.gap);
  EXPECT_TRUE(marks(batch).contains(4) && marks(batch).contains(5));
  EXPECT_FALSE(marks(batch).contains(2));
  EXPECT_TRUE(marks(list(back(100))).contains(2));
}

std::string engine_name(const testing::TestParamInfo<std::string>& info) { return info.param; }
INSTANTIATE_TEST_SUITE_P(Engines, ChangeStore, testing::Values("Fake", "Sqlite", "Postgres"), engine_name);

// PostgreSQL commits out of order: a change with a smaller number may come later.
class PostgresChanges : public testing::Test {
 protected:
  void SetUp() override {
    if (!database) GTEST_SKIP() << support::postgres_absent;
    // A server's outbox is never empty: its first keys are announced.
    ASSERT_TRUE(database->atomically([&](core::Tx& tx) { return append(tx, 0); }));
  }
  std::unique_ptr<storage::Database> database = support::open_test_postgres();
  std::unique_ptr<Store> store = create_sql_store();

  core::Result<> append(core::Tx& tx, uint8_t mark) {
    TRY(store->append(tx, change(mark)));
    return {};
  }
  Batch list(const Cursor& since) {
    return database->reading([&](core::Tx& tx) { return store->list(tx, since); }).value();
  }
  void in_thread(std::function<void()> work) { std::jthread(std::move(work)).join(); }
};

// A standby that takes over goes on behind the numbers that were lost.
TEST_F(PostgresChanges, ALostRowIsMissedAlsoBelowNewerOnes) {
  const auto add = [&](uint8_t mark) {
    EXPECT_TRUE(database->atomically([&](core::Tx& tx) { return append(tx, mark); }));
  };
  add(1);
  const Cursor cursor = database->reading([&](core::Tx& tx) { return store->head(tx); }).value();
  add(2);
  EXPECT_FALSE(list(cursor).went_back);
  EXPECT_TRUE(database->atomically(
      [&](core::Tx& tx) { return storage::sql(tx).query("DELETE FROM changes WHERE seq = $1", cursor.seq); }));
  EXPECT_TRUE(list(cursor).went_back);
  EXPECT_FALSE(list(list(cursor).next).went_back);
}

TEST_F(PostgresChanges, ATransactionThatCommitsLateIsNotSkipped) {
  Cursor cursor = database->reading([&](core::Tx& tx) { return store->head(tx); }).value();
  std::set<int> seen;
  const auto poll = [&] {
    const Batch batch = list(cursor);
    EXPECT_FALSE(batch.gap);
    for (const Row& row : batch.changes) seen.insert(row.change.key.bytes[15]);
    cursor = batch.next;
  };
  EXPECT_TRUE(database->atomically([&](core::Tx& first) -> core::Result<> {
    TRY(append(first, 1));  // has the smaller number
    in_thread([&] {
      EXPECT_TRUE(database->atomically([&](core::Tx& second) { return append(second, 2); }));
      poll();
      EXPECT_TRUE(seen.contains(2) && !seen.contains(1));
      // Again, so that the cursor has long moved on.
      EXPECT_TRUE(database->atomically([&](core::Tx& third) { return append(third, 3); }));
      for (int i = 0; i < 3; ++i) poll();
    });
    return {};
  }));
  EXPECT_TRUE(seen.contains(3) && !seen.contains(1));
  poll();
  EXPECT_TRUE(seen.contains(1));
}

TEST_F(PostgresChanges, AReaderThatStartsMeanwhileHearsOfItToo) {
  Cursor cursor;
  EXPECT_TRUE(database->atomically([&](core::Tx& first) -> core::Result<> {
    TRY(append(first, 1));
    in_thread([&] {
      EXPECT_TRUE(database->atomically([&](core::Tx& second) { return append(second, 2); }));
      cursor = database->reading([&](core::Tx& tx) { return store->head(tx); }).value();
    });
    return {};
  }));
  const Batch batch = list(cursor);
  EXPECT_TRUE(std::ranges::any_of(batch.changes, [](const auto& one) { return one.change == change(1); }));
}

// A transaction that stays open for long makes all that followed it come again; what is new must be among it, or be a
// gap.
TEST_F(PostgresChanges, AnOpenTransactionNeverHidesWhatIsNew) {
  Cursor cursor = database->reading([&](core::Tx& tx) { return store->head(tx); }).value();
  EXPECT_TRUE(database->atomically([&](core::Tx& open) -> core::Result<> {
    TRY(append(open, 1));
    in_thread([&] {
      EXPECT_TRUE(database->atomically([&](core::Tx& tx) -> core::Result<> {
        TRY(
            storage::sql(tx).query("INSERT INTO changes (txid, kind, key, at) SELECT usher_txid(), 'session', "
                                   "decode(repeat('00', 16), 'hex'), usher_now() FROM generate_series(1, 10500)"));
        return {};
      }));
      for (int i = 0; i < 2; ++i) {
        const Batch batch = list(cursor);
        EXPECT_TRUE(batch.gap);
        cursor = batch.next;
      }
      EXPECT_TRUE(database->atomically([&](core::Tx& tx) { return append(tx, 2); }));
      const Batch batch = list(cursor);
      EXPECT_TRUE(std::ranges::any_of(batch.changes, [](const auto& one) { return one.change == change(2); }));
    });
    return {};
  }));
}

// Writers commit in any order while a reader polls: nothing is missed.
TEST_F(PostgresChanges, NothingIsSkippedUnderParallelWriters) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Cursor cursor = database->reading([&](core::Tx& tx) { return store->head(tx); }).value();
  std::set<int> seen;
  const auto poll = [&] {
    const Batch batch = list(cursor);
    EXPECT_FALSE(batch.gap);
    for (const Row& row : batch.changes) seen.insert(row.change.key.bytes[15] + 256 * row.change.key.bytes[14]);
    seen.erase(0);
    cursor = batch.next;
  };
  std::atomic<int> running{4};
  std::vector<std::jthread> writers;
  for (int w = 0; w < 4; ++w)
    writers.emplace_back([&, w] {
      std::mt19937_64 engine(seed + static_cast<uint64_t>(w));
      for (int i = 0; i < 40; ++i) {
        const auto pause = std::chrono::microseconds(engine() % 3000);
        EXPECT_TRUE(database->atomically([&](core::Tx& tx) -> core::Result<> {
          Change made = change(static_cast<uint8_t>(i + 1));
          made.key.bytes[14] = static_cast<uint8_t>(w);
          TRY(store->append(tx, made));
          std::this_thread::sleep_for(pause);  // what a service never does
          return {};
        }));
      }
      --running;
    });
  while (running > 0) poll();
  writers.clear();
  poll();
  EXPECT_EQ(seen.size(), 160u);
}

}  // namespace
}  // namespace changes
