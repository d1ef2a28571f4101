// On both engines: that a user's copy has what is his, and nothing else.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "crypto/random.h"
#include "self/export_store_sql.h"
#include "storage/tables.h"
#include "tests/support/databases.h"
#include "tests/support/postgres_server.h"

namespace self {
namespace {

using accounts::UserId;
using Names = std::set<std::string>;

// Tables with a user that are not exported, each with its reason.
const std::set<std::string_view> left_out{"verification_codes",   // keyed hashes, for minutes
                                          "recovery_codes",       // keyed hashes
                                          "sign_in_challenges",   // of sign-ins under way
                                          "passkey_challenges"};  // the same

// Columns of exported tables that are not: what only a server can use, and who else had to do with it.
const std::map<std::string_view, Names> kept_back{
    {"users", {"email_key", "password_hash", "auth_epoch", "deleted_at"}},
    {"role_assignments", {"user_id", "given_by"}},
    {"sessions",
     {"user_id", "secret", "generation", "rotations", "answered_to", "proofs_from", "impersonator_session"}},
    {"totp_factors", {"user_id", "sealed", "last_step", "auth_epoch"}},
    {"passkeys", {"user_id", "credential_id", "public_key", "user_verified", "aaguid"}},
    {"email_changes", {"user_id", "email_key", "old_key", "auth_epoch"}},
    {"familiar", {"user_id"}},
    {"approvals", {"user_id", "token_hash", "number"}},
    {"sign_in_notices", {"user_id", "token_hash"}},
    {"audit_events", {"subject", "actor_session"}}};

TEST(ExportedColumns, EveryColumnOfAUserIsExportedOrKeptBackForAReason) {
  const auto exported = exported_columns();
  size_t tables = 0;
  for (const auto& table : storage::copied_tables()) {
    const bool with_user = std::ranges::find(table.columns, "user_id", &storage::Column::name) != table.columns.end();
    if (!with_user && !exported.contains(table.name)) continue;
    ++tables;
    EXPECT_TRUE(exported.contains(table.name) != left_out.contains(table.name)) << table.name;
    if (!exported.contains(table.name)) continue;
    for (const auto& column : table.columns) {
      const std::string name(column.name);
      EXPECT_TRUE(exported.at(table.name).contains(name) != kept_back.at(table.name).contains(name))
          << table.name << '.' << name;
      EXPECT_FALSE(column.kind == storage::ColumnKind::bytes && exported.at(table.name).contains(name)) << name;
    }
  }
  EXPECT_EQ(tables, exported.size() + left_out.size());
}

class ExportStores : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "Sqlite") database_ = support::open_test_sqlite(clock_);
    else database_ = support::open_test_postgres();
    if (!database_) GTEST_SKIP() << support::postgres_absent;
    for (auto* id : {&ann_, &bob_}) {
      *id = random_.id<UserId>(clock_.now());
      run("INSERT INTO users (id, email, email_key, first_name, last_name, account_type, password_hash, created_at) "
          "VALUES ($1, $2, $2, 'Q\"uote', 'B', 'INDIVIDUAL', 'a hash', 1800000000123)",
          *id, id->str());
      for (const char* trait : {"device a", "device b", "device c"})
        run("INSERT INTO familiar (user_id, trait, last_at) VALUES ($1, $2, 0)", *id, trait);
    }
  }
  template <class... Args>
  void run(const std::string& text, const Args&... args) {
    const auto done = database_->atomically([&](core::Tx& tx) { return storage::sql(tx).send(text, args...); });
    EXPECT_TRUE(done) << done.error().cause;
  }
  boost::json::object read(UserId user, int64_t limit) {
    auto text = database_->reading([&](core::Tx& tx) { return create_sql_export_store()->read(tx, user, limit); });
    EXPECT_TRUE(text) << text.error().cause;
    text->back() = '}';
    return boost::json::parse('{' + *text).as_object();
  }

  core::FakeClock clock_;
  crypto::SystemRandom random_;
  std::unique_ptr<storage::Database> database_;
  UserId ann_, bob_;
};

TEST_P(ExportStores, ValuesAreWrittenAsTheApiWritesThem) {
  const auto all = read(ann_, 10);
  const auto& account = all.at("account").as_array().at(0).as_object();
  EXPECT_EQ(account.at("id").as_string(), ann_.str());
  EXPECT_EQ(account.at("firstName").as_string(), "Q\"uote");
  EXPECT_EQ(account.at("createdAt").as_string(), "2027-01-15T08:00:00.123Z");
  EXPECT_TRUE(account.at("disabledAt").is_null());
  EXPECT_EQ(all.at("account").as_array().size(), 1u);
  EXPECT_TRUE(all.at("sessions").as_array().empty());
}

TEST_P(ExportStores, WhatIsLeftOutIsNamed) {
  auto all = read(ann_, 3);
  EXPECT_EQ(all.at("familiar").as_array().size(), 3u);
  EXPECT_TRUE(all.at("truncated").as_array().empty());
  all = read(ann_, 2);
  EXPECT_EQ(all.at("familiar").as_array().size(), 2u);
  EXPECT_EQ(boost::json::serialize(all.at("truncated")), R"(["familiar"])");
}

TEST_P(ExportStores, OfOthersEventsThePlaceIsNotTold) {
  const auto add = [&](const char* action, UserId subject, std::optional<UserId> actor) {
    run("INSERT INTO audit_events (id, at, action, actor, subject, ip_address, request_id, detail, device) "
        "VALUES ($1, 0, $2, $3, $4, '192.0.2.77', 'r', 'd', 'v')",
        random_.uuid7(clock_.now()), action, actor, subject);
  };
  add("own", ann_, ann_);
  add("by nobody", ann_, {});
  add("by bob", ann_, bob_);
  add("of bob", bob_, ann_);
  const auto all = read(ann_, 10);
  EXPECT_EQ(all.at("events").as_array().size(), 2u);
  ASSERT_EQ(all.at("eventsByOthers").as_array().size(), 1u);
  const auto& by_bob = all.at("eventsByOthers").as_array()[0].as_object();
  EXPECT_EQ(by_bob.at("action").as_string(), "by bob");
  EXPECT_EQ(boost::json::serialize(by_bob).find("192.0.2.77"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Engines, ExportStores, testing::Values("Sqlite", "Postgres"),
                         [](const auto& engine) { return engine.param; });

}  // namespace
}  // namespace self
