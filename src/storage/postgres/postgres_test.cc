// A real server that restarts, hangs, deadlocks and is slow.
#include "storage/postgres/postgres.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

#include "tests/support/databases.h"
#include "tests/support/postgres_server.h"

namespace storage {
namespace {

using core::Code;
using core::Millis;
using core::Result;
using std::chrono::steady_clock;

// With connections of its own, and as behind a pooler.
class Postgres : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    const auto url = support::create_postgres_database();
    if (!url) GTEST_SKIP() << support::postgres_absent;
    options.url = *url;
    options.statement_timeout = Millis(1000);
    options.transaction_pooling = GetParam();
    open();
    EXPECT_TRUE(script(
        "CREATE TABLE numbers (id BIGINT PRIMARY KEY, value BIGINT); INSERT INTO numbers VALUES (1, 0), (2, 0)"));
  }

  void open() {
    auto opened = open_postgres(options);
    ASSERT_TRUE(opened) << opened.error().cause;
    db = std::move(*opened);
  }
  Result<> script(const std::string& text) {
    return db->atomically([&](core::Tx& tx) { return sql(tx).script(text); });
  }
  template <class... Args>
  Result<Rows> query(std::string_view text, const Args&... args) {
    return db->atomically([&](core::Tx& tx) { return sql(tx).query(text, args...); });
  }
  Result<Rows> add_one(int64_t id) { return query("UPDATE numbers SET value = value + 1 WHERE id = $1", id); }
  int64_t value(int64_t id) { return (*query("SELECT value FROM numbers WHERE id = $1", id))[0].number(0); }

  // Leaves `n` connections in the pool, each with its statement prepared.
  void warm_up(int n) {
    std::latch all(n);
    std::vector<std::thread> threads;
    for (int i = 0; i < n; ++i) {
      threads.emplace_back([&] {
        EXPECT_TRUE(db->reading([&](core::Tx& tx) -> Result<> {
          TRY(sql(tx).query("SELECT value FROM numbers WHERE id = $1", 1));
          all.arrive_and_wait();
          return {};
        }));
      });
    }
    for (auto& thread : threads) thread.join();
  }

  PostgresOptions options;
  std::unique_ptr<Database> db;
};

TEST_P(Postgres, OfSeveralHostsTheOneThatTakesWritesIsUsed) {
  const auto read_only = [&](std::string_view change) {
    ASSERT_TRUE(script("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I " + std::string(change) +
                       "', current_database()); END $$"));
  };
  read_only("SET default_transaction_read_only = on");
  const auto refused = open_postgres(options);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().cause.find("read-only"), std::string::npos) << refused.error().cause;
  read_only("RESET default_transaction_read_only");
  const std::string hosts = "host=/nowhere,";
  options.url.replace(options.url.find("host="), 5, hosts);
  EXPECT_TRUE(open_postgres(options));
}

TEST_P(Postgres, ARestartIsNotSeenByTheNextTransactions) {
  warm_up(4);
  support::restart_postgres();
  for (int i = 0; i < 6; ++i) {
    auto done = add_one(1);
    EXPECT_TRUE(done) << done.error().cause;
  }
  warm_up(4);
  EXPECT_EQ(value(1), 6);
}

TEST_P(Postgres, ARestartInsideOfATransactionRepeatsItOnce) {
  int attempts = 0;
  auto done = db->atomically([&](core::Tx& tx) -> Result<> {
    TRY(sql(tx).query("UPDATE numbers SET value = value + 1 WHERE id = 1"));
    if (++attempts == 1) support::restart_postgres();
    TRY(sql(tx).query("UPDATE numbers SET value = value + 1 WHERE id = 2"));
    return {};
  });
  EXPECT_TRUE(done) << done.error().cause;
  EXPECT_EQ(attempts, 2);
  EXPECT_EQ(value(1), 1);
  EXPECT_EQ(value(2), 1);
}

TEST_P(Postgres, AConnectionThatIsLostAgainAndAgainIsUnavailable) {
  int attempts = 0;
  auto done = db->atomically([&](core::Tx& tx) -> Result<> {
    ++attempts;
    TRY(sql(tx).query("SELECT pg_terminate_backend(pg_backend_pid())"));
    return {};
  });
  EXPECT_EQ(done.error().code, Code::store_unavailable);
  EXPECT_EQ(attempts, 2);
  EXPECT_TRUE(add_one(1));
}

TEST_P(Postgres, RestartsUnderLoadGiveOnlyUnavailable) {
  std::atomic<bool> stop{false};
  std::atomic<int> good{0}, unknown{0}, other{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      while (!stop) {
        auto done = add_one(1);
        if (done) ++good;
        else if (done.error().code == Code::store_unavailable) ++unknown;
        else ADD_FAILURE() << done.error().cause, ++other;
      }
    });
  }
  for (int i = 0; i < 3; ++i) {
    std::this_thread::sleep_for(Millis(150));
    support::restart_postgres();
  }
  std::this_thread::sleep_for(Millis(300));
  stop = true;
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(other, 0);
  const int64_t stored = value(1);
  EXPECT_GE(stored, good);
  EXPECT_LE(stored, good + unknown);
  std::printf("%d committed, %d unavailable, %lld stored\n", good.load(), unknown.load(),
              static_cast<long long>(stored));
}

TEST_P(Postgres, ALostConnectionDuringCommitIsUnknownAndRunsTheHooks) {
  ASSERT_TRUE(
      script("CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS "
             "'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); RETURN NULL; END';"
             "CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON numbers DEFERRABLE INITIALLY DEFERRED "
             "FOR EACH ROW EXECUTE FUNCTION die()"));
  int attempts = 0, hooks = 0;
  auto done = db->atomically([&](core::Tx& tx) -> Result<> {
    ++attempts;
    tx.after_commit([&] { ++hooks; });
    tx.when_committed([] { ADD_FAILURE() << "nobody knows"; });
    TRY(sql(tx).query("UPDATE numbers SET value = 1 WHERE id = 1"));
    return {};
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::store_unavailable);
  EXPECT_NE(done.error().cause.find("outcome of COMMIT is unknown"), std::string::npos) << done.error().cause;
  EXPECT_EQ(attempts, 1) << "what may have been committed is not repeated";
  EXPECT_EQ(hooks, 1);
}

constexpr const char* collides = "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = 'serialization_failure'; END $$";

TEST_P(Postgres, ASerialisationFailureIsRepeated) {
  int attempts = 0;
  const auto done = db->atomically([&](core::Tx& tx) -> Result<> {
    TRY(sql(tx).query("UPDATE numbers SET value = value + 1 WHERE id = $1", 1));
    return ++attempts < 3 ? sql(tx).script(collides) : Result<>{};
  });
  EXPECT_TRUE(done) << done.error().cause;
  EXPECT_EQ(attempts, 3);
  EXPECT_EQ(value(1), 1) << "what was undone does not count";
}

TEST_P(Postgres, WhatKeepsCollidingIsGivenUp) {
  int attempts = 0;
  const auto done = db->atomically([&](core::Tx& tx) { return ++attempts, sql(tx).script(collides); });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::store_unavailable);
  EXPECT_EQ(attempts, 7);
}

TEST_P(Postgres, DeadlocksAreRepeated) {
  std::atomic<int> attempts{0};
  std::latch both(2);
  const auto swap = [&](int64_t first, int64_t second) {
    bool waited = false;
    auto done = db->atomically([&](core::Tx& tx) -> Result<> {
      ++attempts;
      TRY(sql(tx).query("UPDATE numbers SET value = value + 1 WHERE id = $1", first));
      if (!std::exchange(waited, true)) both.arrive_and_wait();
      TRY(sql(tx).query("UPDATE numbers SET value = value + 1 WHERE id = $1", second));
      return {};
    });
    EXPECT_TRUE(done) << done.error().cause;
  };
  std::thread other([&] { swap(2, 1); });
  swap(1, 2);
  other.join();
  EXPECT_GE(attempts, 3);
  EXPECT_EQ(value(1), 2);
  EXPECT_EQ(value(2), 2);
}

TEST_P(Postgres, ASlowStatementIsCutAndTheConnectionStaysGood) {
  const auto begin = steady_clock::now();
  auto slow = query("SELECT 1 FROM pg_sleep(10)");
  EXPECT_EQ(slow.error().code, Code::store_unavailable);
  EXPECT_NE(slow.error().cause.find("took too long"), std::string::npos) << slow.error().cause;
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(3));
  EXPECT_TRUE(add_one(1));
}

TEST_P(Postgres, ALockThatIsNotGivenIsUnavailable) {
  options.lock_timeout = Millis(100);
  open();
  auto outer = db->atomically([&](core::Tx& tx) -> Result<> {
    TRY(sql(tx).query("UPDATE numbers SET value = 5 WHERE id = 1"));
    std::thread([&] {
      auto refused = add_one(1);
      EXPECT_EQ(refused.error().code, Code::store_unavailable);
      EXPECT_NE(refused.error().cause.find("lock was not given"), std::string::npos) << refused.error().cause;
    }).join();
    return {};
  });
  EXPECT_TRUE(outer);
}

TEST_P(Postgres, AFrozenServerIsGivenUpAndComesBack) {
  options.statement_timeout = Millis(100);
  open();
  support::freeze_postgres();
  const auto begin = steady_clock::now();
  auto frozen = add_one(1);
  EXPECT_EQ(frozen.error().code, Code::store_unavailable);
  auto second = add_one(1);
  EXPECT_EQ(second.error().code, Code::store_unavailable);
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(12));
  support::thaw_postgres();
  std::this_thread::sleep_for(Millis(250));
  EXPECT_TRUE(add_one(1));
}

// Others were refused for a moment more, because somebody had failed to connect just before.
TEST_P(Postgres, WhoConnectsAgainShowsTheOthersThatTheServerIsBack) {
  options.statement_timeout = Millis(100);
  options.connect_timeout = Millis(2000);
  open();
  support::freeze_postgres();
  std::thread unlucky([&] { EXPECT_FALSE(add_one(1)); });  // on the idle connection, then on none
  std::this_thread::sleep_for(Millis(3500));
  std::latch back(1), leave(1);
  std::thread lucky([&] {
    EXPECT_TRUE(db->reading([&](core::Tx& tx) -> Result<> {
      TRY(sql(tx).query("SELECT 1"));
      back.count_down();
      leave.wait();
      return {};
    }));
  });
  unlucky.join();
  support::thaw_postgres();
  back.wait();
  const auto done = add_one(1);
  EXPECT_TRUE(done) << done.error().cause;
  leave.count_down();
  lucky.join();
}

TEST_P(Postgres, AnExhaustedPoolIsUnavailable) {
  options.connections = 2;
  options.checkout_timeout = Millis(100);
  open();
  std::latch inside(2), leave(1);
  std::vector<std::thread> holders;
  for (int i = 0; i < 2; ++i) {
    holders.emplace_back([&] {
      EXPECT_TRUE(db->reading([&](core::Tx&) -> Result<> {
        inside.count_down();
        leave.wait();
        return {};
      }));
    });
  }
  inside.wait();
  auto refused = add_one(1);
  EXPECT_EQ(refused.error().code, Code::store_unavailable);
  EXPECT_NE(refused.error().cause.find("all 2 connections"), std::string::npos) << refused.error().cause;
  leave.count_down();
  for (auto& holder : holders) holder.join();
  EXPECT_TRUE(add_one(1));
}

TEST_P(Postgres, ForgottenStatementsArePreparedAgain) {
  options.connections = 1;
  open();
  ASSERT_TRUE(add_one(1));
  ASSERT_TRUE(script("DEALLOCATE ALL"));
  auto done = add_one(1);
  EXPECT_TRUE(done) << done.error().cause;
  EXPECT_EQ(value(1), 2);
}

TEST_P(Postgres, StatementsOlderThanTheSchemaArePreparedAgain) {
  options.connections = 1;
  open();
  ASSERT_TRUE(query("SELECT * FROM numbers"));
  ASSERT_TRUE(script("ALTER TABLE numbers ADD COLUMN more BIGINT"));
  auto rows = query("SELECT * FROM numbers");
  EXPECT_TRUE(rows) << rows.error().cause;
}

TEST_P(Postgres, TransactionIdsGrowAndShowWhoIsStillRunning) {
  db = support::open_test_postgres(support::Schema::empty);
  auto outer = db->atomically([&](core::Tx& tx) -> Result<> {
    const int64_t mine = TRY(sql(tx).query("SELECT usher_txid()"))[0].number(0);
    std::thread([&] {
      const Rows rows = *query("SELECT usher_txid(), usher_snapshot_xmin()");
      EXPECT_GT(rows[0].number(0), mine);
      EXPECT_LE(rows[0].number(1), mine) << "the poll must re-read from the oldest that still runs";
    }).join();
    return {};
  });
  EXPECT_TRUE(outer);
}

TEST_P(Postgres, SessionsAreDurableAndReadCommitted) {
  EXPECT_EQ((*query("SHOW synchronous_commit"))[0].text(0), "on");
  EXPECT_EQ((*query("SHOW transaction_isolation"))[0].text(0), "read committed");
  EXPECT_EQ((*query("SHOW statement_timeout"))[0].text(0), "1s");
}

INSTANTIATE_TEST_SUITE_P(Pools, Postgres, testing::Bool(),
                         [](const auto& pooled) { return pooled.param ? "Transaction" : "Session"; });

TEST(PostgresUrl, NoErrorShowsThePassword) {
  const char* urls[] = {
      "postgres//user:hidden@127.0.0.1/db",         // not a URL
      "postgres://user:hidden@127.0.0.1:port/db",   // no number
      "postgres://user:hid@hidden@127.0.0.1:1/db",  // an @ that was not encoded
      "postgres://user:hidden@127.0.0.1:1/db",      // nobody listens
      "host=/nowhere user=u password=hidden",       // no such socket
      "postgres://user:hidden@127.0.0.1/db?x=hidden",
  };
  for (const char* url : urls) {
    auto refused = open_postgres({.url = url});
    ASSERT_FALSE(refused) << url;
    EXPECT_EQ(refused.error().code, Code::store_unavailable);
    EXPECT_EQ(refused.error().cause.find("hid"), std::string::npos) << refused.error().cause;
    EXPECT_FALSE(refused.error().cause.empty());
  }
}

}  // namespace
}  // namespace storage
