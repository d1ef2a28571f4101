// On both engines: that no table keeps rows of a user who has gone.
#include <gtest/gtest.h>

#include <set>

#include "crypto/random.h"
#include "self/remains_store_sql.h"
#include "storage/tables.h"
#include "tests/support/databases.h"
#include "tests/support/postgres_server.h"

namespace self {
namespace {

using accounts::UserId;

// Each has a reason not to be erased by itself.
const std::set<std::string_view> kept{"sessions",           // told from others for a while
                                      "role_assignments"};  // taken one by one, on record (removal.cc)

TEST(Remains, EveryTableWithAUserIsErased) {
  const std::set<std::string_view> erased(erased_tables().begin(), erased_tables().end());
  size_t with_user = 0;
  for (const auto& table : storage::copied_tables())
    for (const auto& column : table.columns)
      if (column.name == "user_id") {
        ++with_user;
        EXPECT_TRUE(erased.contains(table.name) != kept.contains(table.name)) << table.name;
      }
  EXPECT_EQ(with_user, erased.size() + kept.size());
}

class RemainsStores : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "Sqlite") database_ = support::open_test_sqlite(clock_);
    else database_ = support::open_test_postgres();
    if (!database_) GTEST_SKIP() << support::postgres_absent;
    store_ = create_sql_remains_store();
    for (auto* id : {&ann_, &bob_}) add(*id = random_.id<UserId>(clock_.now()));
  }
  void run(const std::string& text, UserId user) {
    const auto done = database_->atomically([&](core::Tx& tx) { return storage::sql(tx).send(text, user); });
    EXPECT_TRUE(done) << done.error().cause;
  }
  void add(UserId id) {
    const auto done = database_->atomically([&](core::Tx& tx) {
      return storage::sql(tx).send(
          "INSERT INTO users (id, email, email_key, first_name, last_name, account_type, password_hash, created_at) "
          "VALUES ($1, $2, $2, 'A', 'B', 'INDIVIDUAL', '', 0)",
          id, id.str());
    });
    EXPECT_TRUE(done) << done.error().cause;
    run("INSERT INTO verification_codes (user_id, purpose, code_hash, issued_at, expires_at) "
        "VALUES ($1, 'notice', $1, 0, 0)",
        id);
    run("INSERT INTO familiar (user_id, trait, last_at) VALUES ($1, 'device a', 0)", id);
    run("INSERT INTO sign_in_notices (token_hash, user_id, session_id, device, ip_address, at, expires_at) "
        "VALUES ($1, $1, $1, 'd', 'i', 0, 0)",
        id);
  }
  int64_t count(const std::string& table, UserId user) {
    return database_
        ->reading([&](core::Tx& tx) -> core::Result<int64_t> {
          return TRY(storage::sql(tx).query("SELECT count(*) FROM " + table + " WHERE user_id = $1", user))[0].number(
              0);
        })
        .value();
  }

  core::FakeClock clock_;
  crypto::SystemRandom random_;
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<RemainsStore> store_;
  UserId ann_, bob_;
};

TEST_P(RemainsStores, RowsOfOneUserGoAndOthersStay) {
  const auto erased = database_->atomically([&](core::Tx& tx) { return store_->erase(tx, ann_); });
  EXPECT_TRUE(erased) << erased.error().cause;
  for (const char* table : {"verification_codes", "familiar", "sign_in_notices"}) {
    EXPECT_EQ(count(table, ann_), 0) << table;
    EXPECT_EQ(count(table, bob_), 1) << table;
  }
}

TEST_P(RemainsStores, WhoIsDueIsFound) {
  const auto due = [&](int64_t at, int64_t limit) {
    return database_->reading([&](core::Tx& tx) { return store_->due(tx, core::from_millis(at), limit); })->size();
  };
  EXPECT_EQ(due(1000, 9), 0u);
  run("UPDATE users SET delete_after = 1000 WHERE id = $1", ann_);
  run("UPDATE users SET delete_after = 2000 WHERE id = $1", bob_);
  EXPECT_EQ(due(999, 9), 0u);
  EXPECT_EQ(due(1000, 9), 1u);
  EXPECT_EQ(due(2000, 9), 2u);
  EXPECT_EQ(due(2000, 1), 1u);
}

INSTANTIATE_TEST_SUITE_P(Engines, RemainsStores, testing::Values("Sqlite", "Postgres"),
                         [](const auto& engine) { return engine.param; });

}  // namespace
}  // namespace self
