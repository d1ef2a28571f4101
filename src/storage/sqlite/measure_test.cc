// Prints what a durable commit costs alone and in company; asserts nothing about the machine.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "storage/sqlite/sqlite.h"
#include "tests/support/databases.h"

namespace storage {
namespace {

using core::Result;

// Read by primary key and update by primary key, as a refresh does; transactions per second.
double rate(Database& db, int threads) {
  std::atomic<bool> stop{false};
  std::atomic<int64_t> committed{0};
  std::vector<std::thread> all;
  const auto begin = std::chrono::steady_clock::now();
  for (int64_t t = 0; t < threads; ++t) {
    all.emplace_back([&, t] {
      for (int64_t i = 0; !stop; ++i) {
        const int64_t id = (t * 7919 + i * 31) % 10'000;
        auto done = db.atomically([&](core::Tx& tx) -> Result<> {
          const int64_t value = TRY(sql(tx).query("SELECT value FROM numbers WHERE id = $1", id))[0].number(0);
          TRY(sql(tx).query("UPDATE numbers SET value = $2 WHERE id = $1", id, value + 1));
          return {};
        });
        EXPECT_TRUE(done);
        committed.fetch_add(1, std::memory_order_relaxed);
      }
    });
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(800));
  stop = true;
  for (auto& thread : all) thread.join();
  return static_cast<double>(committed) /
         std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

TEST(Measure, DurableCommitsAloneAndTogether) {
  const core::SystemClock clock;
  auto db = support::open_test_sqlite(clock, support::Schema::empty);
  ASSERT_TRUE(db->atomically([](core::Tx& tx) {
    return sql(tx).script(
        "CREATE TABLE numbers (id BIGINT PRIMARY KEY, value BIGINT, filler TEXT);"
        "INSERT INTO numbers SELECT x, 0, hex(zeroblob(100)) FROM"
        " (WITH RECURSIVE c(x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM c WHERE x < 9999) SELECT x FROM c)");
  }));
  const double alone = rate(*db, 1);
  for (int threads : {8, 64}) {
    const double together = rate(*db, threads);
    std::printf("durable commits/s: alone %.0f, %d threads %.0f (%.1f times)\n", alone, threads, together,
                together / alone);
  }
}

}  // namespace
}  // namespace storage
