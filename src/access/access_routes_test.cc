#include "access/access_routes.h"

#include <gtest/gtest.h>

#include "tests/support/access_world.h"
#include "tests/support/route_caller.h"

namespace roles {
namespace {

using accounts::UserId, core::Code;

class AccessRoutes : public testing::Test, protected test::AccessWorld {
 protected:
  const UserId root = add_user("root", {"super_admin"});
  const UserId boss = add_user("boss", {"admin"});
  const UserId ann = add_user("ann");
  const test::RouteCaller call{routes(access)};
  using Call = test::Call;

  // "409 role_exists", "201 {…}".
  std::string answer(std::string_view id, UserId caller, const Call& request = {}) {
    const auto response = call(id, caller.value, request);
    if (!response) {
      const auto& row = core::row(response.error().code);
      return std::to_string(row.status) + ' ' + std::string(row.name);
    }
    return std::to_string(response->status) + (response->body.empty() ? "" : ' ' + response->body);
  }
  Call on(UserId user, std::string body = {}) { return {.body = std::move(body), .path = {{"id", user.str()}}}; }
  Call role(std::string name, std::string body = {}) {
    return {.body = std::move(body), .path = {{"name", std::move(name)}}};
  }
};

TEST_F(AccessRoutes, EachHasTheGuardOfTheContract) {
  const std::map<std::string_view, std::string_view> guards = {
      {"listPermissions", "roles:read"}, {"listRoles", "roles:read"},
      {"getRole", "roles:read"},         {"createRole", "roles:write"},
      {"updateRole", "roles:write"},     {"deleteRole", "roles:write"},
      {"listUserRoles", "roles:assign"}, {"assignRole", "roles:assign"},
      {"unassignRole", "roles:assign"},  {"checkAccess", ""}};
  EXPECT_EQ(call.all().size(), guards.size());
  for (const auto& route : call.all()) {
    ASSERT_TRUE(guards.contains(route.operation.id)) << route.operation.id;
    EXPECT_FALSE(route.operation.guard.is_open()) << route.operation.id;
    EXPECT_EQ(route.operation.guard.permission(), guards.at(route.operation.id)) << route.operation.id;
  }
}

TEST_F(AccessRoutes, TheCatalogueHoldsEveryPermissionWithASentence) {
  const std::string body = answer("listPermissions", boss);
  for (const auto& known : catalogue) {
    EXPECT_NE(body.find("\"" + std::string(known.name) + "\""), std::string::npos) << known.name;
    EXPECT_NE(body.find(known.doc), std::string::npos) << known.name;
  }
}

TEST_F(AccessRoutes, ARoleIsShownWithWhatItInherits) {
  EXPECT_EQ(answer("getRole", boss, role("support")),
            R"(200 {"name":"support","description":"Sees users, their sessions and their roles.",)"
            R"("permissions":["roles:read","sessions:read","users:read"],"inherits":["user"],)"
            R"("effectivePermissions":["roles:read","sessions:read","users:read"],"seeded":true,"createdAt":")" +
                core::iso8601(roles.state.roles.at("support").created_at) + "\"}");
  EXPECT_EQ(answer("getRole", boss, role("ghost")), "404 not_found");
  EXPECT_EQ(answer("getRole", boss, role(std::string("ad\0min", 6))), "404 not_found");
  EXPECT_EQ(answer("listRoles", boss).find(R"(200 {"roles":[{"name":"admin")"), 0u);
}

TEST_F(AccessRoutes, ARoleLivesFromCreateToDelete) {
  EXPECT_EQ(
      answer("createRole", boss, {R"({"name":"desk","permissions":["users:read"],"inherits":["user"]})"}).substr(0, 21),
      R"(201 {"name":"desk","d)");
  EXPECT_EQ(answer("createRole", boss, {R"({"name":"desk"})"}), "409 role_exists");
  EXPECT_NE(answer("updateRole", boss, role("desk", R"({"description":"At the desk"})")).find("At the desk"),
            std::string::npos);
  EXPECT_EQ(answer("deleteRole", boss, role("desk")), "204");
  EXPECT_EQ(answer("deleteRole", boss, role("desk")), "404 not_found");
}

TEST_F(AccessRoutes, EveryDeclaredErrorIsSeen) {
  EXPECT_EQ(answer("createRole", boss, {R"({"name":"x","permissions":["*:*"]})"}), "403 grant_exceeds_own");
  EXPECT_EQ(answer("updateRole", boss, role("ghost", "{}")), "404 not_found");
  EXPECT_EQ(answer("updateRole", root, role("user", R"({"inherits":["admin"]})")), "409 role_cycle");
  EXPECT_EQ(answer("updateRole", root, role("super_admin", R"({"permissions":[]})")), "409 role_protected");
  EXPECT_EQ(answer("updateRole", boss, role("user", R"({"permissions":["a:b"]})")), "403 grant_exceeds_own");
  add_role("strong", {"a:b"});
  EXPECT_EQ(answer("deleteRole", boss, role("strong")), "403 grant_exceeds_own");
  EXPECT_EQ(answer("deleteRole", root, role("user")), "409 role_protected");
  EXPECT_EQ(answer("assignRole", boss, on(ann, R"({"role":"super_admin"})")), "403 grant_exceeds_own");
  EXPECT_EQ(answer("assignRole", root, on(root, R"({"role":"super_admin","expiresAt":"2999-01-01T00:00:00.000Z"})")),
            "409 last_super_admin");
  EXPECT_EQ(answer("unassignRole", root, {.path = {{"id", root.str()}, {"name", "super_admin"}}}),
            "409 last_super_admin");
  EXPECT_EQ(answer("unassignRole", boss, {.path = {{"id", root.str()}, {"name", "super_admin"}}}),
            "403 grant_exceeds_own");
}

TEST_F(AccessRoutes, AnAssignmentShowsWhoGaveItAndUntilWhen) {
  const std::string expected = R"({"role":"support","givenBy":")" + boss.str() + R"(","givenAt":")" +
                               core::iso8601(clock.now()) + R"(","expiresAt":"2999-01-01T00:00:00.000Z"})";
  EXPECT_EQ(answer("assignRole", boss, on(ann, R"({"role":"support","expiresAt":"2999-01-01T00:00:00.000Z"})")),
            "201 " + expected);
  EXPECT_NE(answer("listUserRoles", boss, on(ann)).find(expected), std::string::npos);
  EXPECT_EQ(answer("unassignRole", boss, {.path = {{"id", ann.str()}, {"name", "support"}}}), "204");
  EXPECT_EQ(answer("unassignRole", boss, {.path = {{"id", ann.str()}, {"name", "support"}}}), "404 not_found");
  EXPECT_EQ(audit.records.at(0).origin.ip_address, "198.51.100.4");
  EXPECT_EQ(audit.records.at(0).origin.request_id, "request-1");
  EXPECT_EQ(audit.records.at(0).origin.actor, boss.value);
  EXPECT_TRUE(audit.records.at(0).origin.session);
}

TEST_F(AccessRoutes, IdsThatNameNobodyAreNotFound) {
  for (const char* id : {"listUserRoles", "assignRole", "unassignRole"})
    for (const std::string& who : {UserId{}.str(), std::string("me"), std::string("../admin"), boss.str() + "0"})
      EXPECT_EQ(answer(id, root, {.body = R"({"role":"user"})", .path = {{"id", who}, {"name", "user"}}}),
                "404 not_found")
          << id << who;
}

TEST_F(AccessRoutes, FieldsOfTheServerCannotBeSet) {
  for (const char* field : {"seeded", "createdAt", "effectivePermissions"}) {
    EXPECT_EQ(answer("createRole", root, {R"({"name":"x",")" + std::string(field) + R"(":true})"}), "400 unknown_field")
        << field;
    EXPECT_EQ(answer("updateRole", root, role("user", "{\"" + std::string(field) + "\":true}")), "400 unknown_field")
        << field;
  }
  EXPECT_EQ(answer("updateRole", root, role("user", R"({"name":"renamed"})")), "400 unknown_field");
  for (const char* field : {"givenBy", "givenAt", "user"})
    EXPECT_EQ(answer("assignRole", root, on(ann, R"({"role":"user",")" + std::string(field) + R"(":"x"})")),
              "400 unknown_field")
        << field;
}

TEST_F(AccessRoutes, CheckIsAboutTheCallerAlone) {
  EXPECT_EQ(answer("checkAccess", boss, {R"({"permissions":["users:write","*:*","users:write"]})"}),
            R"(200 {"allowed":{"*:*":false,"users:write":true}})");
  EXPECT_EQ(answer("checkAccess", ann, {R"({"permissions":["users:write"]})"}),
            R"(200 {"allowed":{"users:write":false}})");
  EXPECT_EQ(answer("checkAccess", ann, {R"({"permissions":["users:write"],"user":")" + root.str() + "\"}"}),
            "400 unknown_field");
  EXPECT_EQ(answer("checkAccess", ann, {R"({"permissions":[]})"}), "400 validation_failed");
  EXPECT_EQ(answer("checkAccess", ann, {R"({"permissions":["nonsense"]})"}), "400 validation_failed");
}

}  // namespace
}  // namespace roles
