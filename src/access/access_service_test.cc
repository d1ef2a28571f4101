#include "access/access_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/access_world.h"

namespace roles {
namespace {

using accounts::UserId, core::Code;
using Names = std::vector<std::string>;

class Access : public testing::Test, protected test::AccessWorld {
 protected:
  Service& service = access;
  const UserId root = add_user("root", {"super_admin"});
  const UserId boss = add_user("boss", {"admin"});
  const UserId helper = add_user("helper", {"support"});
  const UserId ann = add_user("ann");

  template <class T>
  static Code code(const core::Result<T>& result) {
    EXPECT_FALSE(result);
    return result ? Code::internal : result.error().code;
  }
  template <class T>
  static std::string field(const core::Result<T>& result) {
    EXPECT_FALSE(result);
    if (result || result.error().fields.empty()) return "";
    EXPECT_EQ(result.error().code, Code::validation_failed);
    return result.error().fields[0].field + ' ' + result.error().fields[0].code;
  }
  core::Result<> step(const std::function<core::Result<>(core::Tx&)>& work) { return transactor.atomically(work); }
};

TEST_F(Access, SeedingAgainChangesNothingAndKeepsEdits) {
  ASSERT_TRUE(service.update("user", {.permissions = Names{"notes:read"}}, command_line()));
  forget();
  const auto stamp = roles.state.stamp;
  ASSERT_TRUE(step([&](core::Tx& tx) { return service.seed(tx); }));
  EXPECT_EQ(roles.state.stamp, stamp);
  EXPECT_EQ(service.get("user")->effective, Names{"notes:read"});
  EXPECT_TRUE(audit.records.empty() && outbox.announced.empty());
}

TEST_F(Access, SeedingBringsBackWhatIsMissing) {
  roles.state.roles.erase("support");
  ASSERT_TRUE(step([&](core::Tx& tx) { return service.seed(tx); }));
  EXPECT_EQ(roles.state.roles.size(), 4u);
  EXPECT_EQ(audit.actions(), "role.created");
}

TEST_F(Access, GrantsAreWhatIsHeldAndInherited) {
  const auto grants = this->grants(helper);
  EXPECT_EQ(grants.roles, Names{"support"});
  EXPECT_TRUE(grants.permissions->allows("users:read"));
  EXPECT_FALSE(grants.permissions->allows("users:write"));
  EXPECT_FALSE(grants.valid_until);
  EXPECT_TRUE(this->grants(root).permissions->allows("anything:at-all"));
}

TEST_F(Access, NobodysGrantsAreEmptyAndNotNull) {
  const auto grants = this->grants(UserId{});
  EXPECT_TRUE(grants.roles.empty());
  ASSERT_TRUE(grants.permissions);
  EXPECT_FALSE(grants.permissions->allows("users:read"));
}

TEST_F(Access, ANewUserGetsTheDefaultRole) {
  const UserId fresh = add_user("fresh", {});
  ASSERT_TRUE(step([&](core::Tx& tx) { return service.assign_default(tx, fresh); }));
  EXPECT_EQ(grants(fresh).roles, Names{"user"});
}

TEST_F(Access, AnExpiredAssignmentAllowsNothingAndTheNextExpiryIsTold) {
  const auto soon = clock.now() + core::Millis(1000), later = clock.now() + core::Millis(5000);
  ASSERT_TRUE(service.assign(ann, {"admin", later}, by(root)));
  ASSERT_TRUE(service.assign(ann, {"support", soon}, by(root)));
  EXPECT_EQ(grants(ann).roles, (Names{"admin", "support", "user"}));
  EXPECT_EQ(grants(ann).valid_until, soon);
  clock.advance(core::Millis(1000));
  EXPECT_EQ(grants(ann).roles, (Names{"admin", "user"}));
  EXPECT_EQ(grants(ann).valid_until, later);
  EXPECT_EQ(service.list_assignments(ann)->size(), 2u);
  clock.advance(core::Millis(4000));
  EXPECT_EQ(grants(ann).roles, Names{"user"});
  EXPECT_FALSE(grants(ann).valid_until);
  EXPECT_FALSE(grants(ann).permissions->allows("users:write"));
}

TEST_F(Access, RolesAreReadOnceUntilTheyChange) {
  grants(root);
  const int before = roles.lists;
  for (int i = 0; i < 5; ++i) grants(boss);
  EXPECT_EQ(roles.lists, before);
  EXPECT_EQ(grants(ann).permissions, grants(ann).permissions) << "users of the same roles share the set";
  add_role("support", {"added:later"});  // by somebody else: no notice reached this process
  EXPECT_TRUE(grants(helper).permissions->allows("added:later"));
  EXPECT_EQ(roles.lists, before + 1);
  service.forget_roles();
  grants(helper);
  EXPECT_EQ(roles.lists, before + 2);
}

TEST_F(Access, WhatARolledBackTransactionSawIsNotRemembered) {
  const auto result = step([&](core::Tx& tx) -> core::Result<> {
    Role widened = roles.state.roles.at("user");
    widened.permissions = {"users:write"};
    TRY(roles.put(tx, widened, "never-committed"));
    const auto grants = TRY(service.grants_of(tx, ann, clock.now()));
    EXPECT_TRUE(grants.permissions->allows("users:write"));
    return core::fail(Code::conflict);
  });
  EXPECT_EQ(code(result), Code::conflict);
  EXPECT_FALSE(grants(ann).permissions->allows("users:write"));
}

// Roles

TEST_F(Access, CreateIsRecordedAndAnnounced) {
  const auto made =
      service.create({"auditor", "Looks", {"users:read", "roles:read", "users:read"}, {"user"}}, by(boss));
  ASSERT_TRUE(made);
  EXPECT_EQ(made->role.permissions, (Names{"roles:read", "users:read"}));
  EXPECT_EQ(made->effective, (Names{"roles:read", "users:read"}));
  EXPECT_FALSE(made->role.seeded);
  EXPECT_EQ(audit.actions(), "role.created");
  EXPECT_EQ(audit.records[0].event.detail, "auditor +roles:read +users:read +user description");
  EXPECT_EQ(audit.records[0].origin.actor, boss.value);
  EXPECT_THAT(outbox.announced, testing::ElementsAre(changes::Change{changes::Kind::roles}));
  EXPECT_EQ(service.list()->size(), 5u);
}

TEST_F(Access, ARoleMustBeWellFormed) {
  EXPECT_EQ(field(service.create({"Bad Name", "", {}, {}}, by(root))), "name invalid_name");
  EXPECT_EQ(field(service.create({"r", std::string(501, 'x'), {}, {}}, by(root))), "description too_long");
  EXPECT_EQ(field(service.create({"r", "", {"users:read", "oops"}, {}}, by(root))),
            "permissions[1] invalid_permission");
  EXPECT_EQ(field(service.create({"r", "", {}, {"ghost"}}, by(root))), "inherits[0] unknown_role");
  EXPECT_EQ(field(service.create({"r", "", Names(257, "a:b"), {}}, by(root))), "permissions too_many");
  EXPECT_EQ(code(service.create({"admin", "", {}, {}}, by(root))), Code::role_exists);
  EXPECT_EQ(roles.state.roles.size(), 4u);
}

TEST_F(Access, NobodyMakesARoleThatExceedsHisOwn) {
  EXPECT_EQ(code(service.create({"r", "", {"*:*"}, {}}, by(boss))), Code::grant_exceeds_own);
  EXPECT_EQ(code(service.create({"r", "", {"users:*"}, {}}, by(boss))), Code::grant_exceeds_own);
  EXPECT_EQ(code(service.create({"r", "", {"invoices:read"}, {}}, by(boss))), Code::grant_exceeds_own);
  EXPECT_EQ(code(service.create({"r", "", {}, {"super_admin"}}, by(boss))), Code::grant_exceeds_own);
  EXPECT_TRUE(service.create({"r", "", {}, {"admin"}}, by(boss)));
  EXPECT_TRUE(service.create({"s", "", {"*:*"}, {}}, by(root)));
  EXPECT_TRUE(service.create({"t", "", {"invoices:read"}, {}}, command_line()));
}

TEST_F(Access, NobodyWidensOrNarrowsARoleBeyondHisOwn) {
  add_role("billing", {"invoices:write", "users:read"});
  add_role("plain", {"users:read"});
  EXPECT_EQ(code(service.update("plain", {.permissions = Names{"users:read", "invoices:write"}}, by(boss))),
            Code::grant_exceeds_own);
  EXPECT_EQ(code(service.update("plain", {.inherits = Names{"billing"}}, by(boss))), Code::grant_exceeds_own);
  EXPECT_EQ(code(service.update("billing", {.permissions = Names{"users:read"}}, by(boss))), Code::grant_exceeds_own);
  EXPECT_EQ(code(service.update("billing", {.description = "mine"}, by(boss))), Code::grant_exceeds_own);
  EXPECT_EQ(code(service.remove("billing", by(boss))), Code::grant_exceeds_own);
  EXPECT_EQ(code(service.update("admin", {.permissions = Names{"*:*"}}, by(boss))), Code::grant_exceeds_own);
  EXPECT_TRUE(service.update("plain", {.permissions = Names{"users:write"}}, by(boss)));
  EXPECT_TRUE(service.remove("plain", by(boss)));
  EXPECT_TRUE(audit.actions() == "role.updated role.deleted") << audit.actions();
}

TEST_F(Access, UpdateChangesWhatIsGiven) {
  add_role("r", {"a:b"}, {"user"});
  const auto updated = service.update("r", {.description = "text"}, by(root));
  EXPECT_EQ(updated->role.description, "text");
  EXPECT_EQ(updated->role.permissions, Names{"a:b"});
  EXPECT_EQ(updated->role.inherits, Names{"user"});
  EXPECT_TRUE(service.update("r", {.inherits = Names{}}, by(root))->role.inherits.empty());
  EXPECT_EQ(code(service.update("ghost", {}, by(root))), Code::not_found);
}

TEST_F(Access, AnEventTellsWhatARoleGainedAndLost) {
  add_role("r", {"a:b", "c:d"}, {"user"});
  ASSERT_TRUE(service.update("r", {.permissions = Names{"c:d", "e:f"}, .inherits = Names{"support"}}, by(root)));
  EXPECT_EQ(audit.records.back().event.detail, "r +e:f -a:b +support -user");
  ASSERT_TRUE(service.update("r", {.description = "text"}, by(root)));
  EXPECT_EQ(audit.records.back().event.detail, "r description");
  ASSERT_TRUE(service.update("r", {.permissions = Names{"e:f", "c:d", "e:f"}}, by(root)));
  EXPECT_EQ(audit.records.back().event.detail, "r");
  ASSERT_TRUE(service.remove("r", by(root)));
  EXPECT_EQ(audit.records.back().event.detail, "r -c:d -e:f -support description");
}

TEST_F(Access, InheritanceHasNoCycles) {
  add_role("a", {});
  add_role("b", {}, {"a"});
  EXPECT_EQ(code(service.update("a", {.inherits = Names{"b"}}, by(root))), Code::role_cycle);
  EXPECT_EQ(code(service.update("a", {.inherits = Names{"a"}}, by(root))), Code::role_cycle);
  EXPECT_EQ(code(service.update("user", {.inherits = Names{"admin"}}, by(root))), Code::role_cycle);
}

TEST_F(Access, SeededRolesStayAndSuperAdminStaysAsItIs) {
  for (const char* name : {"super_admin", "admin", "support", "user"})
    EXPECT_EQ(code(service.remove(name, by(root))), Code::role_protected) << name;
  EXPECT_EQ(code(service.update("super_admin", {.permissions = Names{}}, by(root))), Code::role_protected);
  EXPECT_EQ(code(service.update("super_admin", {.inherits = Names{}}, command_line())), Code::role_protected);
  EXPECT_TRUE(service.update("support", {.permissions = Names{"users:read"}}, by(root)));
  EXPECT_EQ(code(service.remove("ghost", by(root))), Code::not_found);
}

TEST_F(Access, AChangedRoleActsAtOnceOnItsHoldersAndOnHeirs) {
  EXPECT_FALSE(grants(boss).permissions->allows("reports:read"));
  ASSERT_TRUE(service.update("support", {.permissions = Names{"reports:read"}}, by(root)));
  EXPECT_TRUE(grants(helper).permissions->allows("reports:read"));
  EXPECT_TRUE(grants(boss).permissions->allows("reports:read"));
  EXPECT_FALSE(grants(helper).permissions->allows("users:read"));
}

TEST_F(Access, ADeletedRoleIsLostByItsHolders) {
  add_role("temp", {"temp:use"});
  ASSERT_TRUE(service.assign(ann, {"temp"}, by(root)));
  EXPECT_TRUE(grants(ann).permissions->allows("temp:use"));
  ASSERT_TRUE(service.remove("temp", by(root)));
  EXPECT_EQ(grants(ann).roles, Names{"user"});
}

// Assignments

TEST_F(Access, AssigningIsRecordedAndAnnounced) {
  const auto until = clock.now() + core::Millis(60'000);
  const auto made = service.assign(ann, {"support", until}, by(boss));
  ASSERT_TRUE(made);
  EXPECT_EQ(made->given_by, boss);
  EXPECT_EQ(made->given_at, clock.now());
  EXPECT_EQ(audit.actions(), "role.assigned");
  EXPECT_EQ(audit.records[0].event.subject, ann.value);
  EXPECT_EQ(audit.records[0].event.detail, "support until " + core::iso8601(until));
  EXPECT_THAT(outbox.announced, testing::ElementsAre(changes::Change{changes::Kind::user, ann.value}));
  ASSERT_TRUE(service.unassign(ann, "support", by(boss)));
  EXPECT_EQ(audit.actions(), "role.assigned role.unassigned");
  EXPECT_EQ(outbox.announced.size(), 2u);
  EXPECT_FALSE(service.assign(ann, {"user"}, command_line())->given_by);
}

TEST_F(Access, AnEventTellsWhichTermAnotherOneReplaced) {
  const auto soon = clock.now() + core::Millis(60'000), later = soon + core::Millis(60'000);
  const auto detail = [&](std::optional<core::Time> until) {
    EXPECT_TRUE(service.assign(ann, {"support", until}, by(root)));
    return audit.records.back().event.detail;
  };
  EXPECT_EQ(detail(soon), "support until " + core::iso8601(soon));
  EXPECT_EQ(detail(later), "support until " + core::iso8601(later) + " instead of until " + core::iso8601(soon));
  EXPECT_EQ(detail({}), "support instead of until " + core::iso8601(later));
  EXPECT_EQ(detail(soon), "support until " + core::iso8601(soon) + " instead of without end");
  clock.advance(core::Millis(60'000));
  EXPECT_EQ(detail({}), "support") << "what has expired is not replaced";
}

TEST_F(Access, AUserIsToldOfHisRoles) {
  ASSERT_TRUE(service.assign(ann, {"support"}, by(boss)));
  ASSERT_TRUE(service.unassign(ann, "support", by(boss)));
  ASSERT_EQ(mail.sent.size(), 2u);
  EXPECT_EQ(mail.sent[0].message.to, "ann@example.com");
  EXPECT_NE(mail.sent[0].message.text.find("Given: support"), std::string::npos);
  EXPECT_NE(mail.sent[1].message.text.find("Taken away: support"), std::string::npos);
  EXPECT_FALSE(service.unassign(ann, "support", by(boss)));
  EXPECT_EQ(mail.sent.size(), 2u);
}

TEST_F(Access, AnAssignmentMustMakeSense) {
  EXPECT_EQ(field(service.assign(ann, {"ghost"}, by(root))), "role unknown_role");
  EXPECT_EQ(field(service.assign(ann, {"support", clock.now()}, by(root))), "expiresAt in_the_past");
  EXPECT_EQ(code(service.assign(UserId{}, {"support"}, by(root))), Code::not_found);
  EXPECT_EQ(code(service.unassign(ann, "support", by(root))), Code::not_found);
  EXPECT_EQ(code(service.list_assignments(UserId{})), Code::not_found);
  users.users[ann].deleted_at = clock.now();
  EXPECT_EQ(code(service.assign(ann, {"support"}, by(root))), Code::not_found);
  EXPECT_EQ(code(service.unassign(ann, "user", by(root))), Code::not_found);
  EXPECT_EQ(code(service.list_assignments(ann)), Code::not_found);
}

TEST_F(Access, NobodyGrantsWhatHeDoesNotHold) {
  EXPECT_EQ(code(service.assign(ann, {"super_admin"}, by(boss))), Code::grant_exceeds_own);
  EXPECT_EQ(code(service.assign(boss, {"super_admin"}, by(boss))), Code::grant_exceeds_own);
  EXPECT_EQ(code(service.assign(ann, {"admin"}, by(helper))), Code::grant_exceeds_own);
  EXPECT_TRUE(service.assign(ann, {"admin"}, by(boss)));
  EXPECT_TRUE(service.assign(ann, {"super_admin"}, by(root)));
}

TEST_F(Access, NobodyActsOnWhoHoldsMore) {
  EXPECT_EQ(code(service.unassign(root, "super_admin", by(boss))), Code::grant_exceeds_own);
  ASSERT_TRUE(service.assign(root, {"support"}, by(root)));
  EXPECT_EQ(code(service.unassign(root, "support", by(boss))), Code::grant_exceeds_own);
  EXPECT_EQ(code(service.assign(root, {"support", clock.now() + core::Millis(9)}, by(boss))), Code::grant_exceeds_own);
  EXPECT_TRUE(service.unassign(boss, "admin", by(boss))) << "what is one's own can be given up";
}

TEST_F(Access, TheRightToGrantEndsWithItsAssignment) {
  ASSERT_TRUE(service.assign(ann, {"admin", clock.now() + core::Millis(10)}, by(root)));
  EXPECT_TRUE(service.assign(helper, {"admin"}, by(ann)));
  clock.advance(core::Millis(10));
  EXPECT_EQ(code(service.assign(helper, {"admin"}, by(ann))), Code::grant_exceeds_own);
}

TEST_F(Access, ADisabledActorAndAnUnknownCallerMayNothing) {
  users.users[boss].disabled_at = clock.now();
  EXPECT_EQ(code(service.assign(ann, {"user"}, by(boss))), Code::permission_denied);
  EXPECT_EQ(code(service.assign(ann, {"user"}, {.ip_address = "192.0.2.1"})), Code::permission_denied);
  EXPECT_EQ(code(service.assign(ann, {"user"}, by(UserId{}))), Code::permission_denied);
}

// The last super_admin

TEST_F(Access, TheLastSuperAdminKeepsTheRole) {
  EXPECT_EQ(code(service.unassign(root, "super_admin", by(root))), Code::last_super_admin);
  EXPECT_EQ(code(service.unassign(root, "super_admin", command_line())), Code::last_super_admin);
  EXPECT_EQ(code(service.assign(root, {"super_admin", clock.now() + core::Millis(1)}, by(root))),
            Code::last_super_admin);
  ASSERT_TRUE(service.assign(ann, {"super_admin"}, by(root)));
  EXPECT_TRUE(service.unassign(root, "super_admin", by(root)));
  EXPECT_EQ(code(service.unassign(ann, "super_admin", by(ann))), Code::last_super_admin);
}

TEST_F(Access, OneWhoWillLoseItOrCannotSignInIsNoSuccessor) {
  ASSERT_TRUE(service.assign(ann, {"super_admin", clock.now() + core::Millis(99'999)}, by(root)));
  EXPECT_EQ(code(service.unassign(root, "super_admin", by(root))), Code::last_super_admin);
  ASSERT_TRUE(service.assign(boss, {"super_admin"}, by(root)));
  users.users[boss].disabled_at = clock.now();
  EXPECT_EQ(code(service.unassign(root, "super_admin", by(root))), Code::last_super_admin);
  users.users[boss].disabled_at.reset();
  EXPECT_TRUE(service.unassign(root, "super_admin", by(root)));
}

TEST_F(Access, OnlyTheLastOneIsProtected) {
  const auto last = [&](UserId user) {
    return step([&](core::Tx& tx) { return service.ensure_not_last_super_admin(tx, user); });
  };
  EXPECT_EQ(code(last(root)), Code::last_super_admin);
  EXPECT_TRUE(last(boss));
  ASSERT_TRUE(service.assign(ann, {"super_admin", clock.now() + core::Millis(99'999)}, by(root)));
  EXPECT_TRUE(last(ann)) << "was not going to stay anyway";
  users.users[root].disabled_at = clock.now();
  EXPECT_TRUE(last(root)) << "cannot sign in already";
}

TEST_F(Access, UnassignAllLeavesNothing) {
  ASSERT_TRUE(step([&](core::Tx& tx) { return service.unassign_all(tx, boss, by(root)); }));
  EXPECT_TRUE(grants(boss).roles.empty());
  EXPECT_EQ(audit.actions(), "role.unassigned");
}

// Asking

TEST_F(Access, CheckAnswersEachInOrder) {
  EXPECT_EQ(*service.check(helper, {"users:read", "users:write", "*:read", "users:*"}),
            (std::vector<bool>{true, false, false, false}));
  EXPECT_EQ(*service.check(root, {"users:*", "*:*"}), (std::vector<bool>{true, true}));
  EXPECT_EQ(field(service.check(helper, {"users:read", "Users"})), "permissions[1] invalid_permission");
}

TEST_F(Access, AStoreThatCannotBeAskedIsNeverNo) {
  transactor.unavailable = true;
  EXPECT_EQ(code(service.check(helper, {"users:read"})), Code::store_unavailable);
  EXPECT_EQ(code(service.get("admin")), Code::store_unavailable);
}

}  // namespace
}  // namespace roles
