// What every audit::Store promises, on the fake and on both engines.
#include <gtest/gtest.h>

#include "audit/audit_store_sql.h"
#include "tests/support/databases.h"
#include "tests/support/fake_audit.h"
#include "tests/support/fake_transactor.h"
#include "tests/support/postgres_server.h"

namespace audit {
namespace {

struct World {
  std::unique_ptr<core::Transactor> transactor;
  std::unique_ptr<Store> store;
};
using MakeWorld = World (*)(crypto::Random&, const core::Clock&);

World fake_world(crypto::Random&, const core::Clock& clock) {
  auto store = std::make_unique<test::FakeAudit>(clock);
  auto transactor = std::make_unique<test::FakeTransactor>();
  transactor->track(store->records);
  return {std::move(transactor), std::move(store)};
}
World sqlite_world(crypto::Random& random, const core::Clock& clock) {
  return {support::open_test_sqlite(clock), create_sql_store(random, clock)};
}
World postgres_world(crypto::Random& random, const core::Clock& clock) {
  return {support::open_test_postgres(), create_sql_store(random, clock)};
}

class AuditStore : public testing::TestWithParam<MakeWorld> {
 protected:
  void SetUp() override {
    world = GetParam()(random, clock);
    if (!world.transactor) GTEST_SKIP() << support::postgres_absent;
  }
  core::Result<> append(const Event& event, const Origin& origin) {
    return world.transactor->atomically([&](core::Tx& tx) { return world.store->append(tx, event, origin); });
  }
  std::vector<Record> list(const Filter& filter) {
    return world.transactor->reading([&](core::Tx& tx) { return world.store->list(tx, filter); })->records;
  }
  std::vector<Record> list(const core::Uuid& subject, int64_t limit = 100) {
    return list(Filter{.subject = subject, .limit = limit});
  }

  crypto::SeededRandom random{7};
  core::FakeClock clock;
  World world;
};

TEST_P(AuditStore, KeepsEveryFieldOfAnEvent) {
  const core::Uuid subject = random.uuid7(clock.now()), actor = random.uuid7(clock.now());
  const core::Uuid session = random.uuid7(clock.now()), own_session = random.uuid7(clock.now());
  ASSERT_TRUE(append({"session.ended", subject, session, "admin"},
                     {"192.0.2.7", "r-1", actor, own_session, "Chrome on macOS"}));
  const auto records = list(subject);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].at, clock.now());
  EXPECT_EQ(records[0].event.action, "session.ended");
  EXPECT_EQ(records[0].event.subject, subject);
  EXPECT_EQ(records[0].event.session, session);
  EXPECT_EQ(records[0].event.detail, "admin");
  EXPECT_EQ(records[0].origin.ip_address, "192.0.2.7");
  EXPECT_EQ(records[0].origin.request_id, "r-1");
  EXPECT_EQ(records[0].origin.actor, actor);
  EXPECT_EQ(records[0].origin.session, own_session);
  EXPECT_EQ(records[0].origin.device, "Chrome on macOS");
}

TEST_P(AuditStore, WhatIsNotKnownStaysAbsent) {
  const core::Uuid subject = random.uuid7(clock.now());
  ASSERT_TRUE(append({"user.created", subject, std::nullopt}, {}));
  const auto records = list(subject);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_FALSE(records[0].event.session || records[0].origin.actor || records[0].origin.session);
  EXPECT_EQ(records[0].origin.ip_address, "");
  EXPECT_EQ(records[0].origin.device, "");
}

TEST_P(AuditStore, ListsTheNewestOfOneSubjectFirst) {
  const core::Uuid mine = random.uuid7(clock.now()), theirs = random.uuid7(clock.now());
  for (int i = 0; i < 5; ++i) {
    clock.advance(core::Millis(1));
    ASSERT_TRUE(append({"event." + std::to_string(i), i == 3 ? theirs : mine, std::nullopt}, {}));
  }
  const auto records = list(mine, 3);
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].event.action, "event.4");
  EXPECT_EQ(records[1].event.action, "event.2");
  EXPECT_EQ(records[2].event.action, "event.1");
  EXPECT_EQ(list(random.uuid7(clock.now())).size(), 0u);
}

TEST_P(AuditStore, ListsWhatPassesEveryFilter) {
  const core::Uuid ann = random.uuid7(clock.now()), bob = random.uuid7(clock.now()), phone = random.uuid7(clock.now());
  ASSERT_TRUE(append({"session.created", ann, phone}, {"192.0.2.7", "", ann, {}}));
  clock.advance(core::Millis(1));
  ASSERT_TRUE(append({"session.ended", ann, phone}, {"192.0.2.8", "", bob, {}}));
  clock.advance(core::Millis(1));
  ASSERT_TRUE(append({"user.disabled", bob, {}}, {"192.0.2.8", "", bob, {}}));
  const auto all = list(Filter{});
  ASSERT_EQ(all.size(), 3u);
  const auto ids = [&](const Filter& filter) {
    std::vector<core::Uuid> out;
    for (const auto& record : list(filter)) out.push_back(record.id);
    return out;
  };
  const core::Uuid third = all[0].id, second = all[1].id, first = all[2].id;
  using Ids = std::vector<core::Uuid>;
  EXPECT_EQ(ids({.subject = ann}), Ids({second, first}));
  EXPECT_EQ(ids({.actor = bob}), Ids({third, second}));
  EXPECT_EQ(ids({.session = phone}), Ids({second, first}));
  EXPECT_EQ(ids({.action = "session.ended"}), Ids({second}));
  EXPECT_EQ(ids({.actions = {"session.created", "user.disabled"}}), Ids({third, first}));
  EXPECT_EQ(ids({.subject = ann, .actions = {"session.created", "user.disabled"}}), Ids({first}));
  EXPECT_EQ(ids({.ip_address = "192.0.2.8"}), Ids({third, second}));
  EXPECT_EQ(ids({.from = second}), Ids({third, second}));
  EXPECT_EQ(ids({.before = second}), Ids({first}));
  EXPECT_EQ(ids({.subject = ann, .actor = bob, .session = phone, .before = third, .limit = 1}), Ids({second}));
}

TEST_P(AuditStore, EventsOfOneMomentKeepTheirOrder) {
  const core::Uuid subject = random.uuid7(clock.now());
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(append({std::to_string(i), subject, {}}, {}));
  const auto records = list(subject, 300);
  ASSERT_EQ(records.size(), 300u);
  for (size_t i = 0; i < 300; ++i) EXPECT_EQ(records[i].event.action, std::to_string(299 - i));
}

TEST_P(AuditStore, AnEventIsGoneWithTheEffectThatFailed) {
  const core::Uuid subject = random.uuid7(clock.now());
  const auto result = world.transactor->atomically([&](core::Tx& tx) -> core::Result<> {
    TRY(world.store->append(tx, {"user.disabled", subject, std::nullopt}, {}));
    return core::fail(core::Code::conflict);
  });
  EXPECT_EQ(result.error().code, core::Code::conflict);
  EXPECT_EQ(list(subject).size(), 0u);
}

// Looking for what is rare in a long record takes many small steps, and none that runs into a time limit.
TEST_P(AuditStore, APageOfWhatIsRareIsShortAndNotTheLast) {
  if (GetParam() == fake_world) GTEST_SKIP() << "the fake reads everything";
  const auto store = create_sql_store(random, clock, 3);
  const core::Uuid ann = random.uuid7(clock.now()), bob = random.uuid7(clock.now());
  for (int i = 0; i < 7; ++i) {
    clock.advance(core::Millis(1));
    ASSERT_TRUE(append({std::to_string(i), i == 0 ? ann : bob, {}}, {"", "", i == 0 || i == 5 ? ann : bob, {}}));
  }
  const auto pages = [&](Filter filter) {
    std::string all;
    for (bool more = true; more; all += more ? "|" : "") {
      const auto page = world.transactor->reading([&](core::Tx& tx) { return store->list(tx, filter); }).value();
      for (const auto& record : page.records) all += record.event.action;
      more = page.next.has_value();
      filter.before = page.next;
    }
    return all;
  };
  EXPECT_EQ(pages({.actor = ann}), "5||0");
  EXPECT_EQ(pages({.actor = bob, .limit = 2}), "64|32|1");
  EXPECT_EQ(pages({.subject = bob, .limit = 10}), "654321") << "an index leads to these";
  EXPECT_EQ(pages({.limit = 10}), "6543210");
  const auto fourth = list(bob)[2].id;
  EXPECT_EQ(pages({.actor = ann, .from = fourth}), "5|") << "not further back than asked for";
}

INSTANTIATE_TEST_SUITE_P(Fake, AuditStore, testing::Values(fake_world));
INSTANTIATE_TEST_SUITE_P(Sqlite, AuditStore, testing::Values(sqlite_world));
INSTANTIATE_TEST_SUITE_P(Postgres, AuditStore, testing::Values(postgres_world));

}  // namespace
}  // namespace audit
