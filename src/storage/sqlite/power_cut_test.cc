// Durability: the power is cut at a random write or sync, and whatever was acknowledged must be there afterwards.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "storage/sqlite/sqlite.h"
#include "tests/support/databases.h"
#include "tests/support/faulty_disk.h"

namespace storage {
namespace {

using core::Result;

enum class Verdict { kept, lost, damaged };

struct Round {
  Verdict verdict;
  size_t acknowledged;
};

// One transaction writes a row and counts it: both or neither.
Result<int64_t> write_one(Database& db, int64_t worker, int64_t sequence) {
  return db.atomically([&](core::Tx& tx) -> Result<int64_t> {
    const int64_t key = worker * 1'000'000 + sequence;
    TRY(sql(tx).query("INSERT INTO entries (id, body) VALUES ($1, $2)", key, std::string(300, 'x')));
    TRY(sql(tx).query("UPDATE counter SET value = value + 1"));
    return key;
  });
}

// Writes from several threads until the power goes; returns what was acknowledged.
std::vector<int64_t> write_until_dark(Database& db) {
  std::mutex mutex;
  std::vector<int64_t> acknowledged;
  std::vector<std::thread> threads;
  for (int64_t worker = 0; worker < 6; ++worker) {
    threads.emplace_back([&, worker] {
      for (int64_t sequence = 0; sequence < 10'000; ++sequence) {
        auto key = write_one(db, worker, sequence);
        if (!key) return;
        const std::lock_guard lock(mutex);
        acknowledged.push_back(*key);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  return acknowledged;
}

Verdict inspect(const std::string& path, const std::vector<int64_t>& acknowledged, const core::Clock& clock) {
  auto db = open_sqlite({.path = path}, clock);
  if (!db) return Verdict::damaged;
  auto verdict = (*db)->reading([&](core::Tx& tx) -> Result<Verdict> {
    if (TRY(sql(tx).query("PRAGMA integrity_check"))[0].text(0) != "ok") return Verdict::damaged;
    const Rows sums = TRY(sql(tx).query("SELECT (SELECT count(*) FROM entries), (SELECT value FROM counter)"));
    if (sums[0].number(0) != sums[0].number(1)) return Verdict::damaged;
    for (int64_t key : acknowledged) {
      if (TRY(sql(tx).query("SELECT 1 FROM entries WHERE id = $1", key)).empty()) return Verdict::lost;
    }
    return Verdict::kept;
  });
  return verdict ? *verdict : Verdict::damaged;
}

Round cut_power_once(uint64_t seed, Synchronous synchronous) {
  const core::SystemClock clock;
  std::mt19937_64 random(seed);
  support::FaultyDisk disk;
  const std::string before = support::create_test_directory(), after = support::create_test_directory();
  std::vector<int64_t> acknowledged;
  {
    auto db = open_sqlite({.path = before + "/usher.db", .synchronous = synchronous, .vfs = disk.name()}, clock);
    EXPECT_TRUE(db);
    // Frequent checkpoints, so that cuts fall into them as well.
    EXPECT_TRUE((*db)->atomically([&](core::Tx& tx) {
      return sql(tx).script(
          "PRAGMA wal_autocheckpoint = 30; CREATE TABLE entries (id BIGINT PRIMARY KEY, body TEXT);"
          "CREATE TABLE counter (value BIGINT); INSERT INTO counter VALUES (0)");
    }));
    disk.cut_power_after(static_cast<int64_t>(1 + random() % 1500));
    acknowledged = write_until_dark(**db);
    EXPECT_FALSE(disk.has_power());
    disk.write_survivors(after, random);
  }
  return {inspect(after + "/usher.db", acknowledged, clock), acknowledged.size()};
}

TEST(PowerCut, LosesNothingThatWasAcknowledged) {
  constexpr int rounds = 60;
  const uint64_t seed = std::random_device{}();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  size_t acknowledged = 0;
  for (int round = 0; round < rounds; ++round) {
    const Round result = cut_power_once(seed + static_cast<uint64_t>(round), Synchronous::full);
    ASSERT_EQ(result.verdict, Verdict::kept) << "seed " << seed + static_cast<uint64_t>(round);
    acknowledged += result.acknowledged;
  }
  std::printf("%zu acknowledged transactions in %d power cuts, all there\n", acknowledged, rounds);
  EXPECT_GT(acknowledged, 500u);
}

// Shows that the test above can fail.
TEST(PowerCut, WithoutSyncsTransactionsAreLost) {
  int lost = 0;
  for (uint64_t seed = 1; seed <= 10; ++seed) lost += cut_power_once(seed, Synchronous::off).verdict != Verdict::kept;
  EXPECT_GE(lost, 5);
}

}  // namespace
}  // namespace storage
