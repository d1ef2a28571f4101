// Opening: what is wrong with the file or its place, and other processes on it.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "storage/sqlite/connection.h"
#include "storage/sqlite/sqlite.h"
#include "tests/support/databases.h"

namespace storage {
namespace {

using core::Code;
using core::Result;

const core::SystemClock clock;

std::string refusal(const std::string& path) {
  auto db = open_sqlite({.path = path}, clock);
  EXPECT_FALSE(db) << path;
  if (db) return "";
  EXPECT_EQ(db.error().code, Code::store_unavailable);
  EXPECT_NE(db.error().cause.find("cannot open " + path), std::string::npos) << db.error().cause;
  return db.error().cause;
}

Result<> insert(Database& db) {
  return db.atomically([](core::Tx& tx) -> Result<> {
    TRY(sql(tx).query("INSERT INTO numbers VALUES (1)"));
    return {};
  });
}

TEST(OpenSqlite, SaysThatTheDirectoryIsMissing) {
  EXPECT_NE(refusal("/tmp/usher-nowhere/usher.db").find("its directory must exist"), std::string::npos);
}

TEST(OpenSqlite, SaysThatTheFileIsNoDatabase) {
  const std::string path = support::create_test_directory() + "/usher.db";
  std::ofstream(path) << std::string(5000, 'x');
  EXPECT_NE(refusal(path).find("not an SQLite database"), std::string::npos);
}

TEST(OpenSqlite, SaysThatTheFileIsDamaged) {
  const std::string path = support::create_test_directory() + "/usher.db";
  {
    auto db = *open_sqlite({.path = path}, clock);
    ASSERT_TRUE(db->atomically([](core::Tx& tx) { return sql(tx).script("CREATE TABLE numbers (id BIGINT)"); }));
  }
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(100);
  file << std::string(500, '\xff');
  file.close();
  EXPECT_NE(refusal(path).find("damaged: restore a backup"), std::string::npos);
}

TEST(OpenSqlite, ADamagedPageIsFoundWhenItIsRead) {
  const std::string path = support::create_test_directory() + "/usher.db";
  {
    auto db = *open_sqlite({.path = path}, clock);
    ASSERT_TRUE(db->atomically([](core::Tx& tx) { return sql(tx).script("CREATE TABLE numbers (id BIGINT)"); }));
  }
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4096);
  file << std::string(4096, '\xff');
  file.close();
  auto db = *open_sqlite({.path = path}, clock);
  auto read = db->reading([](core::Tx& tx) { return sql(tx).query("SELECT * FROM numbers"); });
  EXPECT_EQ(read.error().code, Code::store_unavailable);
  EXPECT_EQ(insert(*db).error().code, Code::store_unavailable);
  EXPECT_TRUE(db->ping());
}

// A child that has the file to itself from `held` on until `release`, then commits and ends.
class OtherProcess {
 public:
  explicit OtherProcess(const std::string& path) {
    int held[2];
    EXPECT_EQ(pipe(held), 0);
    EXPECT_EQ(pipe(release_), 0);
    child_ = fork();
    if (child_ == 0) {
      close(release_[1]);
      sqlite3* db = nullptr;
      sqlite3_open(path.c_str(), &db);
      sqlite3_busy_timeout(db, 5000);
      const bool good =
          sqlite3_exec(db, "BEGIN IMMEDIATE; INSERT INTO numbers VALUES (2)", nullptr, nullptr, nullptr) == SQLITE_OK;
      char byte = good ? 'h' : 'f';
      (void)!write(held[1], &byte, 1);
      (void)!read(release_[0], &byte, 1);
      sqlite3_exec(db, "COMMIT", nullptr, nullptr, nullptr);
      sqlite3_close(db);
      _exit(0);
    }
    char byte = 0;
    EXPECT_EQ(read(held[0], &byte, 1), 1);
    EXPECT_EQ(byte, 'h');
    close(held[0]);
    close(held[1]);
  }
  ~OtherProcess() {
    close(release_[0]);
    close(release_[1]);
  }
  void commit_and_end() {
    EXPECT_EQ(write(release_[1], "x", 1), 1);
    waitpid(child_, nullptr, 0);
  }

 private:
  pid_t child_;
  int release_[2];
};

TEST(OpenSqlite, AnotherProcessIsWaitedForAndThenSeen) {
  const std::string path = support::create_test_directory() + "/usher.db";
  {
    auto db = *open_sqlite({.path = path}, clock);
    ASSERT_TRUE(db->atomically([](core::Tx& tx) { return sql(tx).script("CREATE TABLE numbers (id BIGINT)"); }));
  }
  OtherProcess other(path);
  auto db = *open_sqlite({.path = path, .busy_timeout = core::Millis(200)}, clock);
  const auto version = db->data_version();

  auto refused = insert(*db);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::store_unavailable);
  EXPECT_NE(refused.error().cause.find("another process holds"), std::string::npos) << refused.error().cause;
  EXPECT_TRUE(db->ping()) << "readers are not held up";
  EXPECT_EQ(db->data_version(), version);

  other.commit_and_end();
  EXPECT_NE(db->data_version(), version) << "the poll must see what the command line did";
  EXPECT_TRUE(insert(*db));
}

TEST(OpenSqlite, TwoDatabasesOnOneFileTakeTurns) {
  const std::string path = support::create_test_directory() + "/usher.db";
  auto server = *open_sqlite({.path = path}, clock), command = *open_sqlite({.path = path}, clock);
  ASSERT_TRUE(server->atomically([](core::Tx& tx) { return sql(tx).script("CREATE TABLE numbers (id BIGINT)"); }));
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 25; ++round) {
        auto done = insert(i % 2 ? *server : *command);
        EXPECT_TRUE(done) << done.error().cause;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  auto counted = command->reading([](core::Tx& tx) { return sql(tx).query("SELECT count(*) FROM numbers"); });
  EXPECT_EQ((*counted)[0].number(0), 200);
}

TEST(OpenSqlite, UsherNowIsTheClockThatWasGiven) {
  core::FakeClock fake;
  auto db = *open_sqlite({.path = support::create_test_directory() + "/usher.db"}, fake);
  EXPECT_EQ(*db->ping(), fake.now());
  fake.advance(std::chrono::hours(1));
  EXPECT_EQ(*db->ping(), fake.now());
}

TEST(OpenSqlite, BusyReadersAreWaitedForAndThenRefused) {
  const std::string path = support::create_test_directory() + "/usher.db";
  auto db = *open_sqlite({.path = path, .busy_timeout = core::Millis(100), .readers = 1}, clock);
  auto outer = db->reading([&](core::Tx& tx) -> Result<> {
    TRY(sql(tx).query("SELECT 1"));
    std::thread([&] {
      auto inner = db->ping();
      EXPECT_EQ(inner.error().code, Code::store_unavailable);
      EXPECT_NE(inner.error().cause.find("busy"), std::string::npos);
    }).join();
    return {};
  });
  EXPECT_TRUE(outer);
  EXPECT_TRUE(db->ping());
}

TEST(RowLock, IsTakenOffTheEndOnly) {
  using sqlite::without_row_lock;
  EXPECT_EQ(without_row_lock("SELECT 1 FOR UPDATE"), "SELECT 1");
  EXPECT_EQ(without_row_lock("SELECT 1\nfor Share ;\n"), "SELECT 1");
  EXPECT_EQ(without_row_lock("SELECT 'x FOR UPDATE'"), "SELECT 'x FOR UPDATE'");
  EXPECT_EQ(without_row_lock("SELECT 1 FROM t AS s FOR UPDATE OF s"), "SELECT 1 FROM t AS s");
  EXPECT_EQ(without_row_lock("SELECT 1 FROM t AS s FOR UPDATE OF s SKIP LOCKED"), "SELECT 1 FROM t AS s");
  EXPECT_EQ(without_row_lock("SELECT 1 AS nowait"), "SELECT 1 AS nowait");
  EXPECT_EQ(without_row_lock("SELECT 1 AS of FROM x"), "SELECT 1 AS of FROM x");
  EXPECT_EQ(without_row_lock("SELECT before_update"), "SELECT before_update");
  EXPECT_EQ(without_row_lock(""), "");
}

}  // namespace
}  // namespace storage
