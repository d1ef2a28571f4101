// What every RoleStore promises, on the fake and on both engines.
#include <gtest/gtest.h>

#include "access/role_store_sql.h"
#include "accounts/user_store_sql.h"
#include "crypto/random.h"
#include "tests/support/databases.h"
#include "tests/support/fake_access.h"
#include "tests/support/fake_transactor.h"
#include "tests/support/postgres_server.h"

namespace roles {
namespace {

using accounts::User, accounts::UserId;

struct World {
  std::unique_ptr<core::Transactor> transactor;
  std::unique_ptr<accounts::Store> users;
  std::unique_ptr<RoleStore> roles;
};
using MakeWorld = World (*)(const core::Clock&);

World fake_world(const core::Clock&) {
  auto users = std::make_unique<test::FakeUsers>();
  auto roles = std::make_unique<test::FakeRoles>(*users);
  auto transactor = std::make_unique<test::FakeTransactor>();
  transactor->track(users->users);
  transactor->track(roles->state);
  return {std::move(transactor), std::move(users), std::move(roles)};
}
World sqlite_world(const core::Clock& clock) {
  return {support::open_test_sqlite(clock), accounts::create_sql_store(), create_sql_role_store()};
}
World postgres_world(const core::Clock&) {
  return {support::open_test_postgres(), accounts::create_sql_store(), create_sql_role_store()};
}

class RoleStoreContract : public testing::TestWithParam<MakeWorld> {
 protected:
  void SetUp() override {
    world = GetParam()(clock);
    if (!world.transactor) GTEST_SKIP() << support::postgres_absent;
  }
  // Only what is expected to succeed goes through here.
  template <class F>
  auto atomically(F work) {
    auto result = world.transactor->atomically(work);
    EXPECT_TRUE(result) << (result ? "" : result.error().cause);
    if constexpr (!std::is_void_v<typename decltype(result)::value_type>) return std::move(result).value();
  }
  void put(const Role& role, std::string_view stamp = "s") {
    atomically([&](core::Tx& tx) { return world.roles->put(tx, role, stamp); });
  }
  bool remove(std::string_view name, std::string_view stamp = "s") {
    return atomically([&](core::Tx& tx) { return world.roles->remove(tx, name, stamp); });
  }
  RoleList list() {
    return atomically([&](core::Tx& tx) { return world.roles->list(tx); });
  }
  UserRoles held_by(UserId user) {
    return world.transactor->reading([&](core::Tx& tx) { return world.roles->list_assignments(tx, user); }).value();
  }
  void assign(const Assignment& assignment) {
    atomically([&](core::Tx& tx) { return world.roles->assign(tx, assignment); });
  }
  bool unassign(UserId user, std::string_view role) {
    return atomically([&](core::Tx& tx) { return world.roles->unassign(tx, user, role); });
  }
  int64_t lasting(std::string_view role, UserId except = {}) {
    return atomically([&](core::Tx& tx) { return world.roles->count_lasting_holders(tx, role, except); });
  }
  User create_user() {
    User user{.id = random.id<UserId>(clock.now()), .created_at = clock.now()};
    user.email = user.email_key = user.id.str() + "@example.com";
    EXPECT_TRUE(atomically([&](core::Tx& tx) { return world.users->create(tx, user); }));
    return user;
  }
  void update_user(const User& user) {
    EXPECT_TRUE(atomically([&](core::Tx& tx) { return world.users->update(tx, user); }));
  }

  crypto::SeededRandom random{11};
  core::FakeClock clock;
  World world;
  const Role reader{.name = "reader",
                    .description = "Reads \"all\"",
                    .permissions = {"a:read", "b:read"},
                    .created_at = core::from_millis(5)};
  const Role writer{.name = "writer",
                    .permissions = {"a:write"},
                    .inherits = {"reader"},
                    .seeded = true,
                    .created_at = core::from_millis(6)};
};

TEST_P(RoleStoreContract, ANewStoreHasNoRoles) {
  EXPECT_TRUE(list().roles.empty());
  EXPECT_FALSE(remove("reader"));
}

TEST_P(RoleStoreContract, ListsWhatWasPutByName) {
  put(reader);
  put(writer);
  put({.name = "_first"});  // by bytes, whatever the database's locale says
  EXPECT_EQ(list().roles, (std::vector<Role>{Role{.name = "_first"}, reader, writer}));
}

TEST_P(RoleStoreContract, PutReplacesAllButSeededAndCreation) {
  put(reader);
  put(writer);
  put({.name = "writer",
       .description = "new",
       .permissions = {"c:write"},
       .inherits = {},
       .seeded = false,
       .created_at = core::from_millis(77)});
  const auto stored = list().roles.at(1);
  EXPECT_EQ(stored.description, "new");
  EXPECT_EQ(stored.permissions, std::vector<std::string>{"c:write"});
  EXPECT_TRUE(stored.inherits.empty());
  EXPECT_TRUE(stored.seeded);
  EXPECT_EQ(stored.created_at, writer.created_at);
}

TEST_P(RoleStoreContract, TheStampIsThatOfTheLastChange) {
  put(reader, "one");
  const User user = create_user();
  EXPECT_EQ(list().stamp, "one");
  EXPECT_EQ(held_by(user.id).stamp, "one");
  put(writer, "two");
  EXPECT_EQ(held_by(user.id).stamp, "two");
  remove("writer", "three");
  EXPECT_EQ(list().stamp, "three");
}

TEST_P(RoleStoreContract, ARolledBackChangeLeavesRolesAndStamp) {
  put(reader, "one");
  const auto result = world.transactor->atomically([&](core::Tx& tx) -> core::Result<> {
    TRY(world.roles->put(tx, writer, "two"));
    return core::fail(core::Code::conflict);
  });
  EXPECT_FALSE(result);
  EXPECT_EQ(list().stamp, "one");
  EXPECT_EQ(list().roles.size(), 1u);
}

TEST_P(RoleStoreContract, RemoveTakesAssignmentsAndInheritanceAlong) {
  put(reader);
  put(writer);
  const User user = create_user();
  assign({.user = user.id, .role = "reader", .given_at = clock.now()});
  assign({.user = user.id, .role = "writer", .given_at = clock.now()});
  EXPECT_TRUE(remove("reader"));
  EXPECT_EQ(list().roles.size(), 1u);
  EXPECT_TRUE(list().roles[0].inherits.empty());
  ASSERT_EQ(held_by(user.id).assignments.size(), 1u);
  EXPECT_EQ(held_by(user.id).assignments[0].role, "writer");
  EXPECT_TRUE(remove("writer"));
  EXPECT_TRUE(held_by(user.id).assignments.empty());
}

TEST_P(RoleStoreContract, KeepsEveryFieldOfAnAssignmentByRole) {
  put(reader);
  put(writer);
  const User user = create_user(), giver = create_user();
  const Assignment first{.user = user.id,
                         .role = "writer",
                         .given_by = giver.id,
                         .given_at = clock.now(),
                         .expires_at = clock.now() + core::Millis(9)};
  const Assignment second{.user = user.id, .role = "reader", .given_at = clock.now()};
  assign(first);
  assign(second);
  EXPECT_EQ(held_by(user.id).assignments, (std::vector<Assignment>{second, first}));
  EXPECT_TRUE(held_by(giver.id).assignments.empty());
}

TEST_P(RoleStoreContract, AssigningAgainReplaces) {
  put(reader);
  const User user = create_user();
  assign({.user = user.id, .role = "reader", .given_at = clock.now(), .expires_at = clock.now()});
  const Assignment again{
      .user = user.id, .role = "reader", .given_by = user.id, .given_at = clock.now() + core::Millis(5)};
  assign(again);
  EXPECT_EQ(held_by(user.id).assignments, std::vector<Assignment>{again});
}

TEST_P(RoleStoreContract, UnassignTellsWhetherItWasHeld) {
  put(reader);
  const User user = create_user();
  assign({.user = user.id, .role = "reader", .given_at = clock.now()});
  EXPECT_FALSE(unassign(user.id, "writer"));
  EXPECT_TRUE(unassign(user.id, "reader"));
  EXPECT_FALSE(unassign(user.id, "reader"));
}

TEST_P(RoleStoreContract, AnAssignmentNeedsRoleAndUser) {
  put(reader);
  const User user = create_user();
  const auto refused = [&](const Assignment& assignment) {
    return world.transactor->atomically([&](core::Tx& tx) { return world.roles->assign(tx, assignment); }).error().code;
  };
  EXPECT_EQ(refused({.user = user.id, .role = "ghost"}), core::Code::conflict);
  EXPECT_EQ(refused({.user = random.id<UserId>(clock.now()), .role = "reader"}), core::Code::conflict);
}

TEST_P(RoleStoreContract, LastingHoldersAreActiveAndWithoutExpiry) {
  put(reader);
  put(writer);
  User a = create_user(), b = create_user(), c = create_user(), d = create_user();
  for (const User* user : {&a, &b, &c}) assign({.user = user->id, .role = "reader", .given_at = clock.now()});
  assign(
      {.user = d.id, .role = "reader", .given_at = clock.now(), .expires_at = clock.now() + core::Millis(1'000'000)});
  assign({.user = d.id, .role = "writer", .given_at = clock.now()});
  EXPECT_EQ(lasting("reader"), 3);
  EXPECT_EQ(lasting("reader", a.id), 2);
  EXPECT_EQ(lasting("reader", d.id), 3);
  EXPECT_EQ(lasting("ghost"), 0);
  b.disabled_at = clock.now();
  update_user(b);
  EXPECT_EQ(lasting("reader"), 2);
  c.deleted_at = clock.now();
  update_user(c);
  EXPECT_EQ(lasting("reader"), 1);
}

INSTANTIATE_TEST_SUITE_P(Fake, RoleStoreContract, testing::Values(fake_world));
INSTANTIATE_TEST_SUITE_P(Sqlite, RoleStoreContract, testing::Values(sqlite_world));
INSTANTIATE_TEST_SUITE_P(Postgres, RoleStoreContract, testing::Values(postgres_world));

}  // namespace
}  // namespace roles
