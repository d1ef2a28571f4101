// The engines that the tests of the outbox run on: a fake, SQLite and PostgreSQL.
#pragma once
#include <gtest/gtest.h>

#include "mail/mail_service.h"
#include "mail/mail_store_sql.h"
#include "tests/support/databases.h"
#include "tests/support/fake_mail.h"
#include "tests/support/fake_transactor.h"

namespace mail {

struct World {
  core::FakeClock clock;
  std::unique_ptr<core::Transactor> transactor;
  std::unique_ptr<Store> store;
};

// Null where the engine is absent.
inline std::unique_ptr<World> create_world(const std::string& engine) {
  auto world = std::make_unique<World>();
  if (engine == "Fake") {
    auto transactor = std::make_unique<test::FakeTransactor>();
    auto store = std::make_unique<test::FakeMailStore>();
    transactor->track(store->letters);
    world->transactor = std::move(transactor);
    world->store = std::move(store);
    return world;
  }
  world->transactor = engine == "Sqlite" ? support::open_test_sqlite(world->clock) : support::open_test_postgres();
  if (!world->transactor) return nullptr;
  world->store = create_sql_store();
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
  void in_tx_void(const std::function<core::Result<>(core::Tx&)>& work) {
    const auto result = world_->transactor->atomically(work);
    EXPECT_TRUE(result) << result.error().cause;
  }
  std::unique_ptr<World> world_;
};

inline std::string engine_name(const testing::TestParamInfo<std::string>& info) { return info.param; }

// Answers as the test says, and remembers what it was given.
class ScriptedTransport final : public Transport {
 public:
  using Outcome = Delivery::Outcome;
  std::vector<Outcome> next;  // then `delivered`
  std::vector<Letter> seen;

  Delivery deliver(const Letter& letter, std::stop_token) override {
    seen.push_back(letter);
    if (next.empty()) return {Outcome::delivered};
    const Outcome outcome = next.front();
    next.erase(next.begin());
    return {outcome, outcome == Outcome::delivered ? "" : "scripted"};
  }
};

}  // namespace mail
