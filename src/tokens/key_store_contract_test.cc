#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/support/databases.h"
#include "tests/support/fake_keys.h"
#include "tests/support/fake_transactor.h"
#include "tests/support/postgres_server.h"
#include "tokens/key_store_sql.h"

namespace tokens {
namespace {

using core::Seconds;
const core::Time t0 = core::from_millis(1'800'000'000'000);

struct World {
  core::FakeClock clock;
  std::unique_ptr<core::Transactor> transactor;
  std::unique_ptr<KeyStore> store;
};

std::unique_ptr<World> create_world(const std::string& engine) {
  auto world = std::make_unique<World>();
  if (engine == "Fake") {
    auto transactor = std::make_unique<test::FakeTransactor>();
    auto store = std::make_unique<test::FakeKeys>();
    transactor->track(store->keys);
    world->transactor = std::move(transactor);
    world->store = std::move(store);
    return world;
  }
  world->transactor = engine == "Sqlite" ? support::open_test_sqlite(world->clock) : support::open_test_postgres();
  world->store = create_sql_key_store();
  return world->transactor ? std::move(world) : nullptr;
}

class KeyStoreTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    world = create_world(GetParam());
    if (!world) GTEST_SKIP() << support::postgres_absent;
  }
  template <class F>
  auto in_tx(F work) {
    auto result = world->transactor->atomically(work);
    EXPECT_TRUE(result) << result.error().cause;
    return std::move(result).value();
  }
  static StoredKey key(std::string kid, core::Time active_at, Purpose purpose = Purpose::access) {
    return {.kid = std::move(kid),
            .purpose = purpose,
            .algorithm = crypto::Algorithm::EdDSA,
            .sealed = {0, 255, 7},
            .created_at = t0,
            .active_at = active_at,
            .retired_at = {}};
  }
  void create(const StoredKey& made) {
    in_tx([&](core::Tx& tx) { return world->store->create(tx, made); });
  }
  std::vector<StoredKey> list() {
    return in_tx([&](core::Tx& tx) { return world->store->list(tx); });
  }
  std::string kids() {
    std::string all;
    for (const auto& one : list()) all += one.kid + ' ';
    return all;
  }
  std::unique_ptr<World> world;
};

TEST_P(KeyStoreTest, WhatWasCreatedComesBackWhole) {
  EXPECT_TRUE(list().empty());
  StoredKey made = key("k", t0 + Seconds(30), Purpose::refresh);
  made.retired_at = t0 + Seconds(90);
  create(made);
  const auto stored = list();
  ASSERT_EQ(stored.size(), 1u);
  EXPECT_EQ(stored[0].kid, "k");
  EXPECT_EQ(stored[0].purpose, Purpose::refresh);
  EXPECT_EQ(stored[0].algorithm, crypto::Algorithm::EdDSA);
  EXPECT_EQ(stored[0].sealed, made.sealed);
  EXPECT_EQ(stored[0].created_at, t0);
  EXPECT_EQ(stored[0].active_at, t0 + Seconds(30));
  EXPECT_EQ(stored[0].retired_at, t0 + Seconds(90));
}

TEST_P(KeyStoreTest, EveryAlgorithmComesBack) {
  for (const auto& algorithm : names_of(crypto::Algorithm{})) {
    StoredKey made = key(std::string(algorithm.text), t0);
    made.algorithm = algorithm.value;
    create(made);
  }
  for (const auto& stored : list()) EXPECT_EQ(crypto::name(stored.algorithm), stored.kid);
}

TEST_P(KeyStoreTest, TheOldestComesFirst) {
  create(key("c", t0 + Seconds(3)));
  create(key("a", t0 + Seconds(5)));
  create(key("b", t0 + Seconds(4)));
  EXPECT_EQ(kids(), "c b a ");
}

TEST_P(KeyStoreTest, AKidIsTakenOnce) {
  create(key("k", t0));
  const auto again =
      world->transactor->atomically([&](core::Tx& tx) { return world->store->create(tx, key("k", t0)); });
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, core::Code::conflict);
}

TEST_P(KeyStoreTest, AKeyRetiresOnce) {
  create(key("k", t0));
  create(key("other", t0));
  for (const int at : {10, 20}) in_tx([&](core::Tx& tx) { return world->store->retire(tx, "k", t0 + Seconds(at)); });
  EXPECT_EQ(list()[0].retired_at, t0 + Seconds(10));
  EXPECT_FALSE(list()[1].retired_at);
}

TEST_P(KeyStoreTest, OnlyWhatHasRetiredIsDeleted) {
  create(key("a", t0));
  create(key("b", t0));
  in_tx([&](core::Tx& tx) { return world->store->retire(tx, "a", t0 + Seconds(10)); });
  const auto prune = [&](core::Time before) {
    return in_tx([&](core::Tx& tx) { return world->store->prune(tx, before); });
  };
  EXPECT_EQ(prune(t0 + Seconds(10)), 0);
  EXPECT_EQ(prune(t0 + Seconds(11)), 1);
  EXPECT_EQ(kids(), "b ");
}

TEST_P(KeyStoreTest, WhoLocksWaitsForTheOther) {
  std::atomic<int> inside{0}, most{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        in_tx([&](core::Tx& tx) -> core::Result<> {
          TRY(world->store->lock(tx));
          most = std::max(most.load(), ++inside);
          std::this_thread::sleep_for(core::Millis(2));
          --inside;
          return {};
        });
      });
  }
  EXPECT_EQ(most, 1);
}

std::string engine_name(const testing::TestParamInfo<std::string>& info) { return info.param; }
INSTANTIATE_TEST_SUITE_P(Engines, KeyStoreTest, testing::Values("Fake", "Sqlite", "Postgres"), engine_name);

}  // namespace
}  // namespace tokens
