#include "storage/migrations.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <thread>

#include "storage/migrations/embedded.h"
#include "tests/support/databases.h"
#include "tests/support/postgres_server.h"

namespace storage {
namespace {

using core::Code;

const std::vector<Migration> first_two = {
    {1, "things", "CREATE TABLE things (id BIGINT PRIMARY KEY); INSERT INTO things VALUES (1);"},
    {2, "more", "ALTER TABLE things ADD COLUMN name TEXT;\n-- the end\n"},
};
const Migration third = {3, "parts", "CREATE TABLE parts (id BIGINT PRIMARY KEY)"};

class Migrations : public testing::TestWithParam<Engine> {
 protected:
  void SetUp() override {
    if (GetParam() == Engine::sqlite) {
      place = support::create_test_directory() + "/usher.db";
    } else {
      const auto url = support::create_postgres_database();
      if (!url) GTEST_SKIP() << support::postgres_absent;
      place = *url;
    }
    db = open();
  }

  std::unique_ptr<Database> open() {
    auto opened = GetParam() == Engine::sqlite ? open_sqlite({.path = place}, clock) : open_postgres({.url = place});
    EXPECT_TRUE(opened) << opened.error().cause;
    return std::move(*opened);
  }
  bool has_table(const char* name) {
    return db->reading([&](core::Tx& tx) { return sql(tx).query(std::string("SELECT count(*) FROM ") + name); })
        .has_value();
  }

  core::SystemClock clock;
  std::string place;
  std::unique_ptr<Database> db;
};

TEST_P(Migrations, UpTwiceAppliesOnce) {
  EXPECT_EQ(migrate_up(*db, first_two), 2u);
  EXPECT_EQ(migrate_up(*db, first_two), 0u);
  auto longer = first_two;
  longer.push_back(third);
  EXPECT_EQ(migrate_up(*db, longer), 1u);
  EXPECT_TRUE(has_table("parts"));
}

TEST_P(Migrations, StatusShowsWhatIsPendingAndWhenTheOthersWere) {
  auto before = migration_status(*db, first_two);
  ASSERT_TRUE(before) << before.error().cause;
  ASSERT_EQ(before->size(), 2u);
  EXPECT_EQ((*before)[0].state, MigrationState::pending);
  EXPECT_EQ((*before)[0].applied_at, std::nullopt);

  ASSERT_TRUE(migrate_up(*db, std::span(first_two).first(1)));
  auto after = migration_status(*db, first_two);
  EXPECT_EQ((*after)[0].state, MigrationState::applied);
  EXPECT_NEAR(static_cast<double>(core::to_millis(*(*after)[0].applied_at)),
              static_cast<double>(core::to_millis(clock.now())), 5000);
  EXPECT_EQ((*after)[1].state, MigrationState::pending);
  EXPECT_EQ((*after)[1].name, "more");
}

TEST_P(Migrations, TwoNodesThatStartTogetherApplyOnce) {
  for (int round = 0; round < 3; ++round) {
    SetUp();
    if (!db) return;
    std::latch start(4);
    std::atomic<size_t> applied{0}, failed{0}, finished{0};
    std::vector<std::thread> nodes;
    for (int i = 0; i < 4; ++i) {
      nodes.emplace_back([&] {
        auto node = open();
        start.arrive_and_wait();
        auto done = migrate_up(*node, first_two, [&](core::Tx& tx) -> core::Result<> {
          // What a node makes once for all is seen by the next one under the same lock.
          auto keys = TRY(sql(tx).query("SELECT count(*) FROM things"))[0].number(0);
          if (keys == 1) finished += TRY(sql(tx).query("INSERT INTO things (id) VALUES (2)")).changed();
          return {};
        });
        if (done) applied += *done;
        else ADD_FAILURE() << done.error().cause, ++failed;
      });
    }
    for (auto& node : nodes) node.join();
    EXPECT_EQ(applied, 2u);
    EXPECT_EQ(failed, 0u);
    EXPECT_EQ(finished, 1u);
  }
}

TEST_P(Migrations, AChangedMigrationIsRefused) {
  ASSERT_TRUE(migrate_up(*db, first_two));
  auto changed = first_two;
  changed[1].sql = "ALTER TABLE things ADD COLUMN title TEXT";
  changed.push_back(third);
  auto refused = migrate_up(*db, changed);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::internal);
  EXPECT_NE(refused.error().cause.find("0002_more"), std::string::npos) << refused.error().cause;
  EXPECT_FALSE(has_table("parts"));
  EXPECT_EQ((*migration_status(*db, changed))[1].state, MigrationState::changed);
}

// As a node of the version before that starts again in the midst of a rolling update.
TEST_P(Migrations, WhatANewerVersionOnlyAddedStopsNobody) {
  auto newer = first_two;
  newer.push_back(third);
  ASSERT_TRUE(migrate_up(*db, newer));
  EXPECT_EQ(migrate_up(*db, first_two), 0u);
  EXPECT_EQ(migration_status(*db, first_two)->back().state, MigrationState::newer);
}

TEST_P(Migrations, ANewerSchemaThatBreaksOldVersionsIsRefused) {
  auto newer = first_two;
  newer.push_back({3, "contract_parts", third.sql});
  ASSERT_TRUE(migrate_up(*db, newer));
  auto refused = migrate_up(*db, first_two);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::internal);
  EXPECT_NE(refused.error().cause.find("newer Usher (0003_contract_parts)"), std::string::npos)
      << refused.error().cause;
  EXPECT_EQ(migration_status(*db, first_two)->back().state, MigrationState::newer);
}

TEST_P(Migrations, AFailureLeavesNothingBehind) {
  auto broken = first_two;
  broken.push_back({3, "broken", "CREATE TABLE parts (id BIGINT); INSERT INTO nowhere VALUES (1);"});
  auto refused = migrate_up(*db, broken);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::internal);
  EXPECT_NE(refused.error().cause.find("0003_broken"), std::string::npos) << refused.error().cause;
  EXPECT_FALSE(has_table("things"));
  EXPECT_FALSE(has_table("schema_migrations"));
}

TEST_P(Migrations, AFailureInAStoreThatIsInUseKeepsWhatWasDoneBefore) {
  ASSERT_TRUE(migrate_up(*db, first_two));
  auto broken = first_two;
  broken.push_back(third);
  broken.push_back({4, "broken", "INSERT INTO nowhere VALUES (1);"});
  EXPECT_FALSE(migrate_up(*db, broken));
  EXPECT_TRUE(has_table("parts"));
  EXPECT_EQ(migration_status(*db, broken)->back().state, MigrationState::pending);
}

// Everybody else who wants the table would wait behind a migration that waits for it.
TEST_P(Migrations, ATableThatSomebodyReadsIsNotWaitedForLong) {
  if (GetParam() == Engine::sqlite) GTEST_SKIP() << "readers hold nobody up";
  ASSERT_TRUE(migrate_up(*db, first_two));
  auto longer = first_two;
  longer.push_back({3, "column", "ALTER TABLE things ADD COLUMN colour TEXT"});
  const auto other = open();
  ASSERT_TRUE(db->reading([&](core::Tx& tx) -> core::Result<> {
    TRY(sql(tx).query("SELECT count(*) FROM things"));
    const auto began = std::chrono::steady_clock::now();
    EXPECT_FALSE(std::async(std::launch::async, [&] { return migrate_up(*other, longer).has_value(); }).get());
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20));
    return {};
  }));
  EXPECT_EQ(migrate_up(*other, longer), 1u);
}

TEST_P(Migrations, WhatFinishesThemIsPartOfTheTransaction) {
  auto refused = migrate_up(*db, first_two, [](core::Tx&) -> core::Result<> { return core::fail(Code::overloaded); });
  EXPECT_EQ(refused.error().code, Code::overloaded);
  EXPECT_FALSE(has_table("things"));
}

TEST_P(Migrations, TheOnesOfThisBinaryApply) {
  auto applied = migrate_up(*db);
  ASSERT_TRUE(applied) << applied.error().cause;
  EXPECT_EQ(*applied, embedded_migrations(GetParam()).size());
  auto all = migration_status(*db);
  for (const auto& status : *all) EXPECT_EQ(status.state, MigrationState::applied) << status.name;
}

INSTANTIATE_TEST_SUITE_P(Engines, Migrations, testing::Values(Engine::sqlite, Engine::postgres),
                         [](const auto& engine) { return engine.param == Engine::sqlite ? "Sqlite" : "Postgres"; });

TEST(EmbeddedMigrations, FilesOfOneEngineReplaceTheSharedOne) {
  const EmbeddedFile files[] = {{"0002_b.postgres.sql", "p"}, {"0002_b.sqlite.sql", "s"}, {"0001_a.sql", "both"}};
  const auto sqlite = select_migrations(files, Engine::sqlite), postgres = select_migrations(files, Engine::postgres);
  ASSERT_EQ(sqlite.size(), 2u);
  EXPECT_EQ(sqlite[0].version, 1);
  EXPECT_EQ(sqlite[0].name, "a");
  EXPECT_EQ(sqlite[1].name, "b");
  EXPECT_EQ(sqlite[1].sql, "s");
  EXPECT_EQ(postgres[1].sql, "p");
}

TEST(EmbeddedMigrations, BothEnginesHaveTheSameVersions) {
  const auto sqlite = embedded_migrations(Engine::sqlite), postgres = embedded_migrations(Engine::postgres);
  ASSERT_EQ(sqlite.size(), postgres.size());
  for (size_t i = 0; i < sqlite.size(); ++i) {
    EXPECT_EQ(sqlite[i].version, static_cast<int64_t>(i + 1));
    EXPECT_EQ(sqlite[i].version, postgres[i].version);
    EXPECT_EQ(sqlite[i].name, postgres[i].name);
    EXPECT_FALSE(sqlite[i].sql.empty());
  }
}

TEST(EmbeddedMigrations, AMisnamedFileOrAVersionTwiceIsAnAssertion) {
  const EmbeddedFile twice[] = {{"0001_a.sql", ""}, {"0001_b.sql", ""}}, misnamed[] = {{"one.sql", ""}};
  EXPECT_DEATH((void)select_migrations(twice, Engine::sqlite), "twice");
  EXPECT_DEATH((void)select_migrations(misnamed, Engine::sqlite), "NNNN_name");
}

}  // namespace
}  // namespace storage
