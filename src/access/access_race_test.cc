// What holds when several administrators act at the same moment, on both engines.
#include <gtest/gtest.h>

#include <barrier>
#include <thread>

#include "access/access_service.h"
#include "access/role_store_sql.h"
#include "accounts/user_service.h"
#include "accounts/user_store_sql.h"
#include "audit/audit_store_sql.h"
#include "tests/support/databases.h"
#include "tests/support/postgres_server.h"

namespace roles {
namespace {

using accounts::UserId, core::Code;

class QuietOutbox final : public changes::Outbox {
 public:
  core::Result<> announce(core::Tx&, const changes::Change&) override { return {}; }
};

class QuietMail final : public mail::Outbox {
 public:
  const mail::Letterhead& letterhead() const override { return head_; }
  core::Result<> enqueue(core::Tx&, mail::Message, core::Time) override { return {}; }

 private:
  mail::Letterhead head_;
};

using OpenDatabase = std::unique_ptr<storage::Database> (*)(const core::Clock&);
std::unique_ptr<storage::Database> sqlite(const core::Clock& clock) { return support::open_test_sqlite(clock); }
std::unique_ptr<storage::Database> postgres(const core::Clock&) { return support::open_test_postgres(); }

class AccessRace : public testing::TestWithParam<OpenDatabase> {
 protected:
  void SetUp() override {
    database = GetParam()(clock);
    if (!database) GTEST_SKIP() << support::postgres_absent;
    service.emplace(*database, *roles, *users, *audit, outbox, mail, random, clock);
    accounts.emplace(*database, *users, *audit, outbox, clock);
    ASSERT_TRUE(database->atomically([&](core::Tx& tx) { return service->seed(tx); }));
  }
  UserId add_user(const std::string& role) {
    const UserId id = random.id<UserId>(clock.now());
    const accounts::User user{.id = id, .email = id.str(), .email_key = id.str(), .created_at = clock.now()};
    EXPECT_TRUE(database->atomically([&](core::Tx& tx) { return users->create(tx, user); }));
    EXPECT_TRUE(service->assign(id, {role}, {}));
    return id;
  }
  // Runs both at once; how many of them succeeded. Whoever failed was refused with `refusal`.
  template <class A, class B>
  int race(Code refusal, A a, B b) {
    std::barrier start(2);
    core::Result<> first, second;
    std::thread one([&] { start.arrive_and_wait(), first = a(); });
    std::thread two([&] { start.arrive_and_wait(), second = b(); });
    one.join();
    two.join();
    for (const auto* result : {&first, &second})
      if (!*result) EXPECT_EQ(result->error().code, refusal) << result->error().cause;
    return first.has_value() + second.has_value();
  }
  int64_t super_admins() {
    return *database->reading([&](core::Tx& tx) { return roles->count_lasting_holders(tx, super_admin, UserId{}); });
  }

  core::SystemClock clock;
  crypto::SystemRandom random;
  QuietMail mail;
  QuietOutbox outbox;
  std::unique_ptr<storage::Database> database;
  std::unique_ptr<RoleStore> roles = create_sql_role_store();
  std::unique_ptr<accounts::Store> users = accounts::create_sql_store();
  std::unique_ptr<audit::Store> audit = audit::create_sql_store(random, clock);
  std::optional<Service> service;
  std::optional<accounts::Service> accounts;
};

constexpr int rounds = 12;

TEST_P(AccessRace, OfTwoLastSuperAdminsWhoAreRemovedAtOnceOneStays) {
  const UserId a = add_user("super_admin"), b = add_user("super_admin");
  for (int round = 0; round < rounds; ++round) {
    const auto remove = [&](UserId user) { return [this, user] { return service->unassign(user, super_admin, {}); }; };
    EXPECT_EQ(race(Code::last_super_admin, remove(a), remove(b)), 1);
    EXPECT_EQ(super_admins(), 1);
    ASSERT_TRUE(service->assign(a, {std::string(super_admin)}, {}));
    ASSERT_TRUE(service->assign(b, {std::string(super_admin)}, {}));
  }
}

TEST_P(AccessRace, DisablingOneAndRemovingTheOtherLeavesOne) {
  const UserId a = add_user("super_admin"), b = add_user("super_admin");
  for (int round = 0; round < rounds; ++round) {
    const auto disable = [&] {
      return database->atomically([&](core::Tx& tx) -> core::Result<> {
        TRY(service->ensure_not_last_super_admin(tx, a));
        TRY(accounts->disable(tx, a, {}));
        return {};
      });
    };
    EXPECT_EQ(race(Code::last_super_admin, disable, [&] { return service->unassign(b, super_admin, {}); }), 1);
    EXPECT_EQ(super_admins(), 1);
    ASSERT_TRUE(database->atomically([&](core::Tx& tx) { return accounts->enable(tx, a, {}); }));
    ASSERT_TRUE(service->assign(b, {std::string(super_admin)}, {}));
  }
}

TEST_P(AccessRace, TwoHalvesOfACycleAreNotBothAccepted) {
  for (int round = 0; round < rounds; ++round) {
    const std::string a = "a" + std::to_string(round), b = "b" + std::to_string(round);
    ASSERT_TRUE(service->create({a, "", {}, {}}, {}));
    ASSERT_TRUE(service->create({b, "", {}, {}}, {}));
    const auto link = [&](const std::string& from, const std::string& to) {
      return [this, from, to]() -> core::Result<> {
        TRY(service->update(from, {.inherits = std::vector{to}}, {}));
        return {};
      };
    };
    EXPECT_EQ(race(Code::role_cycle, link(a, b), link(b, a)), 1);
  }
}

TEST_P(AccessRace, ARoleOfOneNameIsCreatedOnce) {
  for (int round = 0; round < rounds; ++round) {
    const auto create = [&]() -> core::Result<> {
      TRY(service->create({"r" + std::to_string(round), "", {}, {}}, {}));
      return {};
    };
    EXPECT_EQ(race(Code::role_exists, create, create), 1);
  }
}

// Widening a role while it is given away by somebody who holds no more than it was.
TEST_P(AccessRace, ARoleIsNotGivenAwayWithMoreThanItsGiverHolds) {
  const UserId boss = add_user("admin");
  for (int round = 0; round < rounds; ++round) {
    const std::string name = "r" + std::to_string(round);
    ASSERT_TRUE(service->create({name, "", {}, {}}, {}));
    const UserId friendly = add_user("user");
    bool given = false, widened_first = false;
    race(
        Code::grant_exceeds_own,
        [&]() -> core::Result<> {
          TRY(service->assign(friendly, {name}, {.ip_address = "192.0.2.1", .actor = boss.value}));
          return given = true, core::Result<>();
        },
        [&]() -> core::Result<> {
          TRY(service->update(name, {.permissions = std::vector<std::string>{"*:*"}}, {}));
          widened_first = service->list_assignments(friendly)->size() == 1;
          return {};
        });
    // When the wider role was committed before the gift, the gift was refused.
    if (widened_first) {
      EXPECT_FALSE(given);
    }
  }
}

TEST_P(AccessRace, SeedingTwiceAtOnceSeedsOnce) {
  const auto seed = [&] { return database->atomically([&](core::Tx& tx) { return service->seed(tx); }); };
  EXPECT_EQ(race(Code::internal, seed, seed), 2);
  EXPECT_EQ(service->list()->size(), 4u);
}

INSTANTIATE_TEST_SUITE_P(Sqlite, AccessRace, testing::Values(sqlite));
INSTANTIATE_TEST_SUITE_P(Postgres, AccessRace, testing::Values(postgres));

}  // namespace
}  // namespace roles
