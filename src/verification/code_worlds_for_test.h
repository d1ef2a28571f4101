// The engines that the tests of codes run on: a fake, SQLite and PostgreSQL, each with users to issue codes for.
#pragma once
#include <gtest/gtest.h>

#include "tests/support/databases.h"
#include "tests/support/fake_transactor.h"
#include "tests/support/fake_verification.h"
#include "verification/code_store_sql.h"

namespace verification {

struct World {
  core::FakeClock clock;
  std::unique_ptr<core::Transactor> transactor;
  std::unique_ptr<Store> store;
  std::vector<accounts::UserId> users;
};

inline std::unique_ptr<World> create_fake_world() {
  auto world = std::make_unique<World>();
  auto transactor = std::make_unique<test::FakeTransactor>();
  auto store = std::make_unique<test::FakeCodeStore>();
  transactor->track(store->codes);
  world->transactor = std::move(transactor);
  world->store = std::move(store);
  return world;
}

inline void create_users(World& world) {
  crypto::SystemRandom random;
  for (int i = 0; i < 3; ++i) world.users.push_back(random.id<accounts::UserId>(world.clock.now()));
}

inline void insert_users(World& world) {
  const auto done = world.transactor->atomically([&](core::Tx& tx) -> core::Result<> {
    for (const auto& user : world.users)
      TRY(
          storage::sql(tx).query("INSERT INTO users (id, email, email_key, first_name, last_name, account_type,"
                                 " password_hash, created_at) VALUES ($1, $2, $2, 'A', 'B', 'INDIVIDUAL', '', 0)",
                                 user, user.str()));
    return {};
  });
  ASSERT_TRUE(done) << done.error().cause;
}

// Null where the engine is absent.
inline std::unique_ptr<World> create_world(const std::string& engine) {
  auto world = engine == "Fake" ? create_fake_world() : std::make_unique<World>();
  create_users(*world);
  if (engine == "Fake") return world;
  world->transactor = engine == "Sqlite" ? support::open_test_sqlite(world->clock) : support::open_test_postgres();
  if (!world->transactor) return nullptr;
  world->store = create_sql_store();
  insert_users(*world);
  return world;
}

class EngineTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    world_ = create_world(GetParam());
    if (!world_) GTEST_SKIP() << "PostgreSQL is not installed";
  }
  // What `work` returns, committed.
  template <class F>
  auto in_tx(F work) {
    auto result = world_->transactor->atomically(work);
    EXPECT_TRUE(result) << result.error().cause;
    return std::move(result).value();
  }
  std::unique_ptr<World> world_;
};

inline std::string engine_name(const testing::TestParamInfo<std::string>& info) { return info.param; }

}  // namespace verification
