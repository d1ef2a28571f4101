// What both engines promise, run on SQLite and on a real PostgreSQL.
#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <thread>

#include "tests/support/databases.h"
#include "tests/support/postgres_server.h"

namespace storage {
namespace {

using core::Code;
using core::Result;

class DatabaseContract : public testing::TestWithParam<Engine> {
 protected:
  void SetUp() override {
    db = GetParam() == Engine::sqlite ? support::open_test_sqlite(clock, support::Schema::empty)
                                      : support::open_test_postgres(support::Schema::empty);
    if (!db) GTEST_SKIP() << support::postgres_absent;
    script(
        "CREATE TABLE things (id BIGINT PRIMARY KEY, name TEXT UNIQUE, body BYTEA, CHECK (id >= 0));"
        "CREATE TABLE parts (id BIGINT PRIMARY KEY, thing BIGINT NOT NULL REFERENCES things (id));"
        "CREATE TABLE numbers (id BIGINT PRIMARY KEY, value BIGINT)");
  }

  template <class F>
  auto write(F work) {
    return db->atomically([&](core::Tx& tx) { return work(sql(tx)); });
  }
  template <class F>
  auto read(F work) {
    return db->reading([&](core::Tx& tx) { return work(sql(tx)); });
  }
  template <class... Args>
  Result<Rows> query(std::string_view text, const Args&... args) {
    return write([&](Transaction& tx) { return tx.query(text, args...); });
  }
  void script(const std::string& text) {
    auto done = write([&](Transaction& tx) { return tx.script(text); });
    ASSERT_TRUE(done) << done.error().cause;
  }
  int64_t count(const std::string& table) { return (*query("SELECT count(*) FROM " + table))[0].number(0); }

  core::SystemClock clock;
  std::unique_ptr<Database> db;
};

TEST_P(DatabaseContract, NumbersRoundTripAtTheirExtremes) {
  const int64_t values[] = {
      0, 1, -1, 4'294'967'296, std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()};
  int64_t id = 0;
  for (int64_t value : values) {
    ASSERT_TRUE(query("INSERT INTO numbers (id, value) VALUES ($1, $2)", ++id, value));
    EXPECT_EQ((*query("SELECT value FROM numbers WHERE id = $1", id))[0].number(0), value);
    EXPECT_EQ(query("SELECT id FROM numbers WHERE value = $1", value)->size(), 1u);
  }
}

TEST_P(DatabaseContract, TextRoundTrips) {
  const std::string texts[] = {"", "a", "Grüße, 世界 🦀", "quote ' and \" and \\ and $1", std::string(200'000, 'x')};
  int64_t id = 0;
  for (const std::string& text : texts) {
    ASSERT_TRUE(query("INSERT INTO things (id, name) VALUES ($1, $2)", ++id, text));
    const Rows rows = *query("SELECT name, body FROM things WHERE name = $1", text);
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].text(0), text);
    EXPECT_TRUE(rows[0].null(1));
  }
}

TEST_P(DatabaseContract, BytesRoundTripWithZeroesInThem) {
  const std::vector<uint8_t> all[] = {{}, {0}, {0, 1, 0, 255, 0}, std::vector<uint8_t>(1'000'000, 7)};
  int64_t id = 0;
  for (const auto& bytes : all) {
    ASSERT_TRUE(query("INSERT INTO things (id, body) VALUES ($1, $2)", ++id, bytes));
    const Rows rows = *query("SELECT body FROM things WHERE body = $1", bytes);
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_FALSE(rows[0].null(0));
    EXPECT_TRUE(std::ranges::equal(rows[0].bytes(0), bytes));
  }
}

TEST_P(DatabaseContract, ViewsWithoutMemoryAreEmptyAndNotNull) {
  ASSERT_TRUE(query("INSERT INTO things (id, name, body) VALUES (1, $1, $2)", std::string_view(), Bytes()));
  const Rows rows = *query("SELECT name, body FROM things");
  EXPECT_EQ(rows[0].text(0), "");
  EXPECT_FALSE(rows[0].null(1));
  EXPECT_TRUE(rows[0].bytes(1).empty());
}

TEST_P(DatabaseContract, NullsIdsAndTimesRoundTrip) {
  const core::Uuid uuid = *core::Uuid::parse("01890a5d-ac96-774b-bcce-b302099a8057");
  const core::Time time = core::from_millis(1'700'000'000'123);
  ASSERT_TRUE(
      query("INSERT INTO things (id, name, body) VALUES ($1, $2, $3)", time, std::optional<std::string>(), uuid));
  ASSERT_TRUE(query("INSERT INTO things (id, name, body) VALUES ($1, $2, $3)", 1, "one", std::optional<core::Uuid>()));
  const Rows rows = *query("SELECT id, name, body FROM things ORDER BY id DESC");
  EXPECT_EQ(rows[0].time(0), time);
  EXPECT_EQ(rows[0].text_or_null(1), std::nullopt);
  EXPECT_EQ(rows[0].uuid(2), uuid);
  EXPECT_EQ(rows[0].id<core::Id<int>>(2).value, uuid);
  EXPECT_EQ(rows[1].text_or_null(1), "one");
  EXPECT_EQ(rows[1].uuid_or_null(2), std::nullopt);
  EXPECT_EQ(rows[1].time_or_null(0), core::from_millis(1));
}

TEST_P(DatabaseContract, RowsAreWalkedInOrder) {
  script("INSERT INTO numbers VALUES (1, 10), (2, 20), (3, NULL)");
  std::vector<int64_t> seen;
  for (Row row : *query("SELECT id FROM numbers ORDER BY id")) seen.push_back(row.number(0));
  EXPECT_EQ(seen, (std::vector<int64_t>{1, 2, 3}));
  EXPECT_TRUE(query("SELECT id FROM numbers WHERE id = 4")->empty());
}

TEST_P(DatabaseContract, ReadingAnotherTypeIsAnAssertion) {
  const Rows rows = *query("SELECT CAST(1 AS BIGINT), CAST(NULL AS BIGINT)");
  EXPECT_DEATH((void)rows[0].text(0), "");
  EXPECT_DEATH((void)rows[0].number(1), "");
  EXPECT_DEATH((void)rows[0].number(2), "");
  EXPECT_DEATH((void)rows[1].number(0), "");
}

TEST_P(DatabaseContract, ParametersAreBoundByTheirNumber) {
  EXPECT_EQ((*query("SELECT $2 - $1", 1, 10))[0].number(0), 9);
  EXPECT_EQ((*query("SELECT $1 + $1 + $2", 1, 10))[0].number(0), 12);
  EXPECT_EQ((*query("SELECT $3 * 100 + $1 * 10 + $2", 1, 2, 3))[0].number(0), 312);
  for (int64_t i = 0; i < 3; ++i) EXPECT_EQ((*query("SELECT $2 - $1", i, 10))[0].number(0), 10 - i);  // from the cache
}

TEST_P(DatabaseContract, OneStatementTakesNullAndValueInTurn) {
  const auto insert = [&](int64_t id, std::optional<int64_t> value) {
    return query("INSERT INTO numbers (id, value) VALUES ($1, $2)", id, value);
  };
  ASSERT_TRUE(insert(1, 5));
  ASSERT_TRUE(insert(2, std::nullopt));
  ASSERT_TRUE(insert(3, 7));
  EXPECT_EQ((*query("SELECT sum(value), count(value) FROM numbers"))[0].number(0), 12);
  EXPECT_TRUE((*query("SELECT value FROM numbers WHERE id = 2"))[0].null(0));
}

TEST_P(DatabaseContract, SumsOfNumbersAreNumbers) {
  script("INSERT INTO numbers VALUES (1, 20000), (2, -4611686018427387904), (3, 5)");
  EXPECT_EQ((*query("SELECT sum(value) FROM numbers"))[0].number(0), -4611686018427367899);
  EXPECT_EQ((*query("SELECT sum(value) FROM numbers WHERE id = 1"))[0].number(0), 20000);
  EXPECT_TRUE((*query("SELECT sum(value) FROM numbers WHERE id = 9"))[0].null(0));
}

TEST_P(DatabaseContract, ChangedCountsRowsThatWereWritten) {
  EXPECT_EQ(query("INSERT INTO numbers VALUES (1, 1), (2, 2), (3, 3)")->changed(), 3);
  EXPECT_EQ(query("SELECT * FROM numbers")->changed(), 0);
  EXPECT_EQ(query("UPDATE numbers SET value = 0 WHERE id < 3")->changed(), 2);
  EXPECT_EQ(query("UPDATE numbers SET value = 0 WHERE id = 9")->changed(), 0);
  EXPECT_EQ(query("INSERT INTO numbers VALUES (1, 1) ON CONFLICT DO NOTHING")->changed(), 0);
  const Rows returned = *query("UPDATE numbers SET value = value + 1 WHERE id = $1 RETURNING value", 1);
  EXPECT_EQ(returned.changed(), 1);
  EXPECT_EQ(returned[0].number(0), 1);
  EXPECT_EQ(query("DELETE FROM numbers")->changed(), 3);
}

TEST_P(DatabaseContract, ARefusalRollsBackAndIsTheAnswer) {
  auto refused = write([&](Transaction& tx) -> Result<> {
    TRY(tx.query("INSERT INTO numbers VALUES (1, 1)"));
    return core::fail(Code::otp_invalid, "no");
  });
  EXPECT_EQ(refused.error().code, Code::otp_invalid);
  EXPECT_EQ(refused.error().detail, "no");
  EXPECT_EQ(count("numbers"), 0);
}

TEST_P(DatabaseContract, AnExceptionRollsBackAndIsInternal) {
  auto thrown = write([&](Transaction& tx) -> Result<> {
    TRY(tx.query("INSERT INTO numbers VALUES (1, 1)"));
    throw std::runtime_error("oops");
  });
  EXPECT_EQ(thrown.error().code, Code::internal);
  EXPECT_NE(thrown.error().cause.find("oops"), std::string::npos);
  EXPECT_EQ(count("numbers"), 0);
}

TEST_P(DatabaseContract, ViolatedConstraintsAreConflictsThatNameThem) {
  script("INSERT INTO things (id, name) VALUES (1, 'one')");
  const std::pair<const char*, const char*> cases[] = {
      {"INSERT INTO things (id) VALUES (1)", "things"},  {"INSERT INTO things (id, name) VALUES (2, 'one')", "name"},
      {"INSERT INTO things (id) VALUES (-1)", "things"}, {"INSERT INTO parts (id, thing) VALUES (1, 99)", ""},
      {"INSERT INTO parts (id) VALUES (1)", "thing"},
  };
  for (const auto& [text, named] : cases) {
    auto conflict = query(text);
    ASSERT_FALSE(conflict) << text;
    EXPECT_EQ(conflict.error().code, Code::conflict) << text << ": " << conflict.error().cause;
    if (GetParam() == Engine::postgres || std::string_view(text).find("-1") == std::string_view::npos) {
      EXPECT_NE(conflict.error().cause.find(named), std::string::npos) << conflict.error().cause;
    }
  }
}

TEST_P(DatabaseContract, DeferredConstraintsAreConflictsOfTheirOwnTransaction) {
  script(
      "CREATE TABLE late (id BIGINT PRIMARY KEY, thing BIGINT REFERENCES things (id) DEFERRABLE INITIALLY DEFERRED)");
  EXPECT_EQ(query("INSERT INTO late VALUES (1, 99)").error().code, Code::conflict);
  EXPECT_EQ(count("late"), 0);
}

TEST_P(DatabaseContract, AnErrorThatIsOverlookedStillRollsBack) {
  auto result = write([&](Transaction& tx) -> Result<int> {
    TRY(tx.query("INSERT INTO numbers VALUES (1, 1)"));
    (void)tx.query("INSERT INTO numbers VALUES (1, 1)");
    auto later = tx.query("INSERT INTO numbers VALUES (2, 2)");
    EXPECT_EQ(later.error().code, Code::conflict);
    EXPECT_EQ(tx.script("INSERT INTO numbers VALUES (3, 3)").error().code, Code::conflict);
    return 1;
  });
  EXPECT_EQ(result.error().code, Code::conflict);
  EXPECT_EQ(count("numbers"), 0);
}

TEST_P(DatabaseContract, WhatIsSentIsSeenByTheNextStatementAndCommitted) {
  const auto seen = write([](Transaction& tx) -> Result<int64_t> {
    TRY(tx.send("INSERT INTO numbers (id) VALUES ($1)", int64_t{1}));
    TRY(tx.send("INSERT INTO numbers (id) VALUES ($1)", int64_t{2}));
    const int64_t seen = TRY(tx.query("SELECT count(*) FROM numbers"))[0].number(0);
    TRY(tx.send("INSERT INTO numbers (id) VALUES ($1)", int64_t{3}));  // travels with COMMIT
    return seen;
  });
  EXPECT_EQ(seen, 2);
  EXPECT_EQ(count("numbers"), 3);
}

TEST_P(DatabaseContract, AFailureOfWhatWasSentCommitsNothing) {
  const auto twice = [](Transaction& tx) -> Result<> {
    TRY(tx.send("INSERT INTO numbers (id) VALUES (1)"));
    return tx.send("INSERT INTO numbers (id) VALUES (1)");
  };
  const auto at_commit = write(twice);
  ASSERT_FALSE(at_commit);
  EXPECT_EQ(at_commit.error().code, Code::conflict);
  const auto at_a_query = write([&](Transaction& tx) -> Result<> {
    TRY(twice(tx));
    TRY(tx.query("SELECT count(*) FROM numbers"));
    return {};
  });
  ASSERT_FALSE(at_a_query);
  EXPECT_EQ(at_a_query.error().code, Code::conflict);
  const auto before_it_was_heard = write([&](Transaction& tx) -> Result<> {
    TRY(twice(tx));
    return core::fail(Code::not_found);
  });
  ASSERT_FALSE(before_it_was_heard);
  EXPECT_EQ(count("numbers"), 0);
  EXPECT_TRUE(query("INSERT INTO numbers (id) VALUES (1)"));
  EXPECT_EQ(count("numbers"), 1);
}

TEST_P(DatabaseContract, ManyMayBeSentAtOnce) {
  ASSERT_TRUE(write([](Transaction& tx) -> Result<> {
    for (int64_t id = 0; id < 20'000; ++id) TRY(tx.send("INSERT INTO numbers (id, value) VALUES ($1, $1)", id));
    return {};
  }));
  EXPECT_EQ(count("numbers"), 20'000);
}

TEST_P(DatabaseContract, AnErrorMayBeAnsweredWithAnotherOne) {
  script("INSERT INTO numbers VALUES (1, 1)");
  auto taken = write([&](Transaction& tx) -> Result<> {
    if (!tx.query("INSERT INTO numbers VALUES (1, 1)")) return core::fail(Code::email_taken);
    return {};
  });
  EXPECT_EQ(taken.error().code, Code::email_taken);
}

TEST_P(DatabaseContract, MistakesInStatementsAreInternal) {
  EXPECT_EQ(query("SELEKT 1").error().code, Code::internal);
  EXPECT_EQ(query("SELECT * FROM nowhere").error().code, Code::internal);
  EXPECT_EQ(query("SELECT $1 + $2", 1).error().code, Code::internal);
  if (GetParam() == Engine::sqlite) {  // PostgreSQL overlooks a parameter that no $n names
    EXPECT_EQ(query("SELECT $1 + 1", 1, 2).error().code, Code::internal);
    EXPECT_EQ(query("SELECT $1 + $3", 1, 2, 3).error().code, Code::internal);
    EXPECT_EQ(query("COMMIT").error().code, Code::internal);
    EXPECT_EQ(query("SAVEPOINT mine").error().code, Code::internal);
  }
  EXPECT_EQ(query("DELETE FROM numbers; DELETE FROM numbers").error().code, Code::internal);
  EXPECT_EQ(query("INSERT INTO things (id, name) VALUES (1, $1)", std::string("a\0b", 3)).error().code, Code::internal);
  EXPECT_EQ(query("SELECT 1.5").error().code, Code::internal);
  EXPECT_EQ(count("numbers"), 0);  // the connection is still good
}

TEST_P(DatabaseContract, ReadingCannotWrite) {
  auto written = read([&](Transaction& tx) { return tx.query("INSERT INTO numbers VALUES (1, 1)"); });
  EXPECT_EQ(written.error().code, Code::store_unavailable);
  EXPECT_EQ(count("numbers"), 0);
}

TEST_P(DatabaseContract, ReadingSeesOneSnapshot) {
  auto counted = read([&](Transaction& tx) -> Result<std::pair<int64_t, int64_t>> {
    const int64_t before = TRY(tx.query("SELECT count(*) FROM numbers"))[0].number(0);
    std::thread([&] { EXPECT_TRUE(query("INSERT INTO numbers VALUES (1, 1)")); }).join();
    return std::pair(before, TRY(tx.query("SELECT count(*) FROM numbers"))[0].number(0));
  });
  EXPECT_EQ(*counted, std::pair(int64_t{0}, int64_t{0}));
  EXPECT_EQ((*read([&](Transaction& tx) { return tx.query("SELECT count(*) FROM numbers"); }))[0].number(0), 1);
}

TEST_P(DatabaseContract, RowLocksAreWrittenAndHarmless) {
  script("INSERT INTO numbers VALUES (1, 10)");
  for (const char* lock : {"FOR UPDATE", "for share", "FOR UPDATE;", "FOR NO KEY UPDATE \n", "FOR UPDATE SKIP LOCKED",
                           "FOR UPDATE OF n", "FOR UPDATE OF n SKIP LOCKED", "for share nowait"}) {
    auto rows = query(std::string("SELECT value FROM numbers AS n WHERE id = $1 ") + lock, 1);
    ASSERT_TRUE(rows) << lock << rows.error().cause;
    EXPECT_EQ((*rows)[0].number(0), 10);
  }
}

TEST_P(DatabaseContract, SqlFunctionsOfBothEngines) {
  const Rows rows = *query("SELECT usher_now(), usher_txid(), usher_snapshot_xmin(), greatest($1, 3), least($1, 3)", 5);
  EXPECT_NEAR(static_cast<double>(rows[0].number(0)), static_cast<double>(core::to_millis(clock.now())), 5000);
  EXPECT_EQ(rows[0].number(3), 5);
  EXPECT_EQ(rows[0].number(4), 3);
  if (GetParam() == Engine::sqlite) {
    EXPECT_EQ(rows[0].number(1) + rows[0].number(2), 0);
  } else {
    EXPECT_GT(rows[0].number(2), 0);
    EXPECT_GE(rows[0].number(1), rows[0].number(2));
  }
  script("INSERT INTO numbers VALUES (1, NULL), (2, -7)");
  EXPECT_EQ((*query("SELECT greatest(value, $1) FROM numbers WHERE id = 1", -4))[0].number(0), -4);
  EXPECT_EQ((*query("SELECT least(value, $1) FROM numbers WHERE id = 2", 4))[0].number(0), -7);
}

TEST_P(DatabaseContract, PingTellsTheTime) {
  EXPECT_NEAR(static_cast<double>(core::to_millis(*db->ping())), static_cast<double>(core::to_millis(clock.now())),
              5000);
}

TEST_P(DatabaseContract, HooksRunOnceInOrderAfterTheCommitOnTheCallersThread) {
  std::vector<std::string> seen;
  const auto caller = std::this_thread::get_id();
  auto done = write([&](Transaction& tx) -> Result<int> {
    tx.after_commit([&] {
      EXPECT_EQ(std::this_thread::get_id(), caller);
      // Committed: another transaction sees it, and a hook may run one.
      seen.push_back("first " + std::to_string(count("numbers")));
    });
    tx.when_committed([&] { seen.push_back("second"); });
    TRY(tx.query("INSERT INTO numbers VALUES (1, 1)"));
    EXPECT_TRUE(seen.empty());
    return 1;
  });
  EXPECT_TRUE(done);
  EXPECT_EQ(seen, (std::vector<std::string>{"first 1", "second"}));
}

TEST_P(DatabaseContract, HooksOfARefusedTransactionDoNotRun) {
  bool ran = false;
  auto refused = write([&](Transaction& tx) -> Result<> {
    tx.after_commit([&] { ran = true; });
    return core::fail(Code::not_found);
  });
  EXPECT_FALSE(refused);
  EXPECT_FALSE(ran);
}

TEST_P(DatabaseContract, ReadingRunsItsHooksToo) {
  bool ran = false;
  EXPECT_TRUE(read([&](Transaction& tx) -> Result<> {
    tx.after_commit([&] { ran = true; });
    TRY(tx.query("SELECT 1"));
    return {};
  }));
  EXPECT_TRUE(ran);
}

TEST_P(DatabaseContract, NoUpdateIsLostAmongThirtyTwoThreads) {
  constexpr int threads = 32, rounds = 25;
  script("INSERT INTO numbers VALUES (1, 0), (2, 0)");
  std::atomic<int> failures{0};
  std::vector<std::thread> all;
  for (int t = 0; t < threads; ++t) {
    all.emplace_back([&] {
      for (int i = 0; i < rounds; ++i) {
        auto done = write([&](Transaction& tx) -> Result<> {
          const int64_t value = TRY(tx.query("SELECT value FROM numbers WHERE id = $1 FOR UPDATE", 1))[0].number(0);
          TRY(tx.query("UPDATE numbers SET value = $2 WHERE id = $1", 1, value + 1));
          TRY(tx.query("UPDATE numbers SET value = value + 1 WHERE id = 2"));
          if (i % 5 == 4) return core::fail(Code::conflict);  // takes both back
          return {};
        });
        if (!done && done.error().code != Code::conflict) ++failures;
      }
    });
  }
  for (auto& thread : all) thread.join();
  EXPECT_EQ(failures, 0);
  const Rows rows = *query("SELECT value FROM numbers ORDER BY id");
  EXPECT_EQ(rows[0].number(0), threads * rounds * 4 / 5);
  EXPECT_EQ(rows[1].number(0), rows[0].number(0));
}

TEST_P(DatabaseContract, ATransactionInATransactionIsAnAssertion) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // the writer's thread does not survive a fork
  EXPECT_DEATH((void)write([&](Transaction&) { return query("SELECT 1"); }), "inside of a transaction");
  GTEST_FLAG_SET(death_test_style, "fast");
}

TEST_P(DatabaseContract, TransactionsWithoutStatementsSucceed) {
  EXPECT_EQ(*write([](Transaction&) -> Result<int> { return 7; }), 7);
  EXPECT_EQ(*read([](Transaction&) -> Result<int> { return 8; }), 8);
}

std::string engine_name(const testing::TestParamInfo<Engine>& engine) {
  return engine.param == Engine::sqlite ? "Sqlite" : "Postgres";
}
INSTANTIATE_TEST_SUITE_P(Engines, DatabaseContract, testing::Values(Engine::sqlite, Engine::postgres), engine_name);

}  // namespace
}  // namespace storage
