// The writer: what shares a commit, and what happens to all of it when the disk fails.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <thread>

#include "storage/sqlite/sqlite.h"
#include "tests/support/databases.h"
#include "tests/support/faulty_disk.h"

namespace storage {
namespace {

using core::Code;
using core::Result;
using support::FaultyDisk;
using support::Syncs;

class GroupCommit : public testing::Test {
 protected:
  GroupCommit() {
    auto opened = open_sqlite({.path = directory + "/usher.db", .vfs = disk.name()}, clock);
    EXPECT_TRUE(opened) << opened.error().cause;
    db = std::move(*opened);
    EXPECT_TRUE(script("CREATE TABLE numbers (id INTEGER PRIMARY KEY, value BIGINT)"));
  }

  Result<> script(const std::string& text) {
    return db->atomically([&](core::Tx& tx) { return sql(tx).script(text); });
  }
  Result<> insert(int64_t value) {
    return db->atomically([&](core::Tx& tx) -> Result<> {
      TRY(sql(tx).query("INSERT INTO numbers (value) VALUES ($1)", value));
      return {};
    });
  }
  int64_t count() {
    return *db->reading([](core::Tx& tx) -> Result<int64_t> {
      return TRY(sql(tx).query("SELECT count(*) FROM numbers"))[0].number(0);
    });
  }

  // Calls `work(i)` on n threads of which all wait for the writer at once, so that they share its next commit.
  template <class F>
  void together(int n, F work) {
    std::latch inside(1), leave(1), started(n);
    std::thread blocker([&] {
      EXPECT_TRUE(db->atomically([&](core::Tx&) -> Result<> {
        inside.count_down();
        leave.wait();
        return {};
      }));
    });
    inside.wait();
    std::vector<std::thread> threads;
    for (int i = 0; i < n; ++i) {
      threads.emplace_back([&, i] {
        started.count_down();
        work(i);
      });
    }
    started.wait();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    leave.count_down();
    for (auto& thread : threads) thread.join();
    blocker.join();
  }

  core::SystemClock clock;
  FaultyDisk disk;
  std::string directory = support::create_test_directory();
  std::unique_ptr<Database> db;
};

TEST_F(GroupCommit, WaitingTransactionsShareOneSync) {
  const int64_t before = disk.syncs("-wal");
  together(40, [&](int i) { EXPECT_TRUE(insert(i)); });
  EXPECT_EQ(disk.syncs("-wal") - before, 1);
  EXPECT_EQ(count(), 40);
}

TEST_F(GroupCommit, ALoneTransactionDoesNotWaitForOthers) {
  const int64_t before = disk.syncs("-wal");
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(insert(i));
  EXPECT_EQ(disk.syncs("-wal") - before, 10);
}

TEST_F(GroupCommit, UnderLoadCommitsAreFarFewerThanTransactions) {
  constexpr int threads = 64, rounds = 20;
  disk.set_sync_time(std::chrono::milliseconds(1));
  const int64_t before = disk.syncs("-wal");
  std::vector<std::thread> all;
  for (int t = 0; t < threads; ++t) {
    all.emplace_back([&] {
      for (int i = 0; i < rounds; ++i) EXPECT_TRUE(insert(i));
    });
  }
  for (auto& thread : all) thread.join();
  EXPECT_EQ(count(), threads * rounds);
  const int64_t commits = disk.syncs("-wal") - before;
  std::printf("%d transactions in %lld commits\n", threads * rounds, static_cast<long long>(commits));
  EXPECT_LT(commits, threads * rounds / 5);
}

TEST_F(GroupCommit, ARefusalTakesBackOnlyItsOwnWrites) {
  std::atomic<int> refused{0}, conflicts{0};
  together(30, [&](int i) {
    auto done = db->atomically([&](core::Tx& tx) -> Result<> {
      TRY(sql(tx).query("INSERT INTO numbers (value) VALUES ($1)", i));
      if (i % 3 == 1) return core::fail(Code::not_found);
      if (i % 3 == 2) TRY(sql(tx).query("INSERT INTO numbers (id) SELECT id FROM numbers"));
      return {};
    });
    if (!done && done.error().code == Code::not_found) ++refused;
    if (!done && done.error().code == Code::conflict) ++conflicts;
  });
  EXPECT_EQ(refused, 10);
  EXPECT_EQ(conflicts, 10);
  EXPECT_EQ(count(), 10);
}

TEST_F(GroupCommit, RefusalsAndReadsWaitForTheCommitTheyRestOn) {
  std::atomic<int64_t> answered_early{0};
  const int64_t before = disk.syncs("-wal");
  disk.set_sync_time(std::chrono::milliseconds(200));
  together(12, [&](int i) {
    (void)db->atomically([&](core::Tx& tx) -> Result<int64_t> {
      if (i % 3 == 0) TRY(sql(tx).query("INSERT INTO numbers (value) VALUES ($1)", i));
      if (i % 3 == 1) return core::fail(Code::not_found);
      return TRY(sql(tx).query("SELECT count(*) FROM numbers"))[0].number(0);
    });
    if (disk.syncs("-wal") == before) ++answered_early;
  });
  EXPECT_EQ(answered_early, 0);
}

TEST_F(GroupCommit, AFailedCommitFailsAllOfItsTransactionsAndShowsNothing) {
  ASSERT_TRUE(insert(0));
  disk.set_syncs(Syncs::fail);
  std::atomic<int> unavailable{0}, hooks{0};
  together(20, [&](int i) {
    auto done = db->atomically([&](core::Tx& tx) -> Result<int64_t> {
      tx.after_commit([&] { ++hooks; });
      tx.when_committed([] { ADD_FAILURE() << "nobody knows"; });
      if (i % 4 == 3) return core::fail(Code::not_found);
      if (i % 4 == 2) return TRY(sql(tx).query("SELECT count(*) FROM numbers"))[0].number(0);
      TRY(sql(tx).query("INSERT INTO numbers (value) VALUES ($1)", i));
      return 1;
    });
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Code::store_unavailable);
    EXPECT_NE(done.error().cause.find("all 20 transactions"), std::string::npos) << done.error().cause;
    EXPECT_NE(done.error().cause.find("disk failed"), std::string::npos) << done.error().cause;
    ++unavailable;
  });
  EXPECT_EQ(unavailable, 20);
  EXPECT_EQ(hooks, 15);  // the outcome of a commit that failed is not known; a refusal's hooks never run
  EXPECT_EQ(count(), 1);

  disk.set_syncs(Syncs::succeed);
  EXPECT_TRUE(insert(2));
  EXPECT_EQ(count(), 2);
  db.reset();
  auto again = open_sqlite({.path = directory + "/usher.db"}, clock);
  ASSERT_TRUE(again);
  db = std::move(*again);
  EXPECT_EQ(count(), 2);
}

TEST_F(GroupCommit, ADiskThatFailsInsideOfATransactionFailsTheWholeBatch) {
  ASSERT_TRUE(script("PRAGMA cache_spill = 1; PRAGMA cache_size = 5; CREATE TABLE large (body BYTEA)"));
  std::atomic<int> failed{0}, hooks{0};
  together(8, [&](int i) {
    auto done = db->atomically([&](core::Tx& tx) -> Result<> {
      tx.after_commit([&] { ++hooks; });
      TRY(sql(tx).query("INSERT INTO numbers (value) VALUES ($1)", i));
      if (i != 3) return {};
      disk.cut_power_after(1);
      (void)sql(tx).query(
          "INSERT INTO large SELECT zeroblob(5000) FROM (WITH RECURSIVE c(x) AS "
          "(SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 500) SELECT x FROM c)");
      // Overlooked; what follows must not become a transaction of its own.
      (void)sql(tx).query("INSERT INTO numbers (value) VALUES (99)");
      disk.cut_power_after(std::numeric_limits<int64_t>::max());
      return {};
    });
    failed += !done && done.error().code == Code::store_unavailable;
  });
  EXPECT_EQ(failed, 8);
  EXPECT_EQ(hooks, 0) << "no commit was tried";
  EXPECT_EQ(count(), 0);
  EXPECT_TRUE(insert(1));
}

TEST_F(GroupCommit, AFullDatabaseRefusesWritesAndKeepsReading) {
  ASSERT_TRUE(script("CREATE TABLE large (body BYTEA); PRAGMA max_page_count = 50"));
  Result<> done;
  int stored = 0;
  const std::vector<uint8_t> body(20'000, 1);
  while (stored < 100 && done) {
    done = db->atomically([&](core::Tx& tx) -> Result<> {
      TRY(sql(tx).query("INSERT INTO large VALUES ($1)", body));
      return {};
    });
    stored += done ? 1 : 0;
  }
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::store_unavailable);
  EXPECT_NE(done.error().cause.find("disk is full"), std::string::npos) << done.error().cause;
  EXPECT_EQ(count(), 0);
  EXPECT_TRUE(db->ping());
  ASSERT_TRUE(script("PRAGMA max_page_count = 1000000"));
  EXPECT_TRUE(insert(1));
}

TEST_F(GroupCommit, TheVersionOfTheDataChangesWithEachCommit) {
  const auto before = db->data_version();
  EXPECT_EQ(db->data_version(), before);
  (void)count();
  EXPECT_EQ(db->data_version(), before);
  ASSERT_TRUE(insert(1));
  const auto after = db->data_version();
  EXPECT_NE(after, before);
  EXPECT_EQ(db->data_version(), after);
}

TEST_F(GroupCommit, ReadersAreSharedByManyThreads) {
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 32; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) good += db->ping().has_value();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 32 * 50);
}

TEST_F(GroupCommit, TransactionsThatWaitWhenTheDatabaseEndsAreCommitted) {
  together(20, [&](int i) { EXPECT_TRUE(insert(i)); });
  db.reset();
  db = *open_sqlite({.path = directory + "/usher.db"}, clock);
  EXPECT_EQ(count(), 20);
}

}  // namespace
}  // namespace storage
