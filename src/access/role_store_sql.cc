#include "access/role_store_sql.h"

#include <algorithm>

#include "access/user_roles_sql.h"

namespace roles {
namespace {

using RolesByName = std::map<std::string, Role, std::less<>>;

Role read_role(const storage::Row& row) {
  return {.name = std::string(row.text(0)),
          .description = std::string(row.text(1)),
          .seeded = row.number(2) != 0,
          .created_at = row.time(3)};
}

Assignment read_assignment(const storage::Row& row, int first) {
  const auto given_by = row.uuid_or_null(first + 2);
  return {.user = row.id<accounts::UserId>(first),
          .role = std::string(row.text(first + 1)),
          .given_by = given_by ? std::optional(accounts::UserId{*given_by}) : std::nullopt,
          .given_at = row.time(first + 3),
          .expires_at = row.time_or_null(first + 4)};
}

// `rows` are (role, text).
void distribute(RolesByName& roles, std::vector<std::string> Role::* member, const storage::Rows& rows) {
  for (storage::Row row : rows)
    if (const auto role = roles.find(row.text(0)); role != roles.end())
      (role->second.*member).emplace_back(row.text(1));
}

core::Result<std::string> read_stamp(storage::Transaction& db) {
  return std::string(TRY(db.query("SELECT stamp FROM role_graph WHERE id = 1"))[0].text(0));
}

core::Result<std::vector<Role>> read_roles(storage::Transaction& db) {
  RolesByName roles;
  const auto rows = TRY(db.query("SELECT name, description, seeded, created_at FROM roles"));
  for (storage::Row row : rows) roles.emplace(row.text(0), read_role(row));
  distribute(roles, &Role::permissions, TRY(db.query("SELECT role, permission FROM role_permissions")));
  distribute(roles, &Role::inherits, TRY(db.query("SELECT role, inherits FROM role_inherits")));
  std::vector<Role> sorted;  // here, not by the database: its order of texts depends on its locale
  for (auto& [name, role] : roles) {
    std::ranges::sort(role.permissions);
    std::ranges::sort(role.inherits);
    sorted.push_back(std::move(role));
  }
  return sorted;
}

class SqlRoleStore final : public RoleStore {
 public:
  core::Result<> lock(core::Tx& tx) override {
    TRY(storage::sql(tx).query("SELECT stamp FROM role_graph WHERE id = 1 FOR UPDATE"));
    return {};
  }

  // Outside of a snapshot each statement sees what was committed before it, so the stamp is compared afterwards.
  core::Result<RoleList> list(core::Tx& tx) override {
    auto& db = storage::sql(tx);
    RoleList all;
    do {
      all.stamp = TRY(read_stamp(db));
      all.roles = TRY(read_roles(db));
    } while (TRY(read_stamp(db)) != all.stamp);
    return all;
  }

  core::Result<> put(core::Tx& tx, const Role& role, std::string_view stamp) override {
    auto& db = storage::sql(tx);
    TRY(db.send("UPDATE role_graph SET stamp = $1 WHERE id = 1", stamp));
    TRY(
        db.send("INSERT INTO roles (name, description, seeded, created_at) VALUES ($1, $2, $3, $4) "
                "ON CONFLICT (name) DO UPDATE SET description = excluded.description",
                role.name, role.description, int64_t{role.seeded}, role.created_at));
    TRY(db.send("DELETE FROM role_permissions WHERE role = $1", role.name));
    TRY(db.send("DELETE FROM role_inherits WHERE role = $1", role.name));
    for (const auto& permission : role.permissions)
      TRY(db.send("INSERT INTO role_permissions (role, permission) VALUES ($1, $2)", role.name, permission));
    for (const auto& inherited : role.inherits)
      TRY(db.send("INSERT INTO role_inherits (role, inherits) VALUES ($1, $2)", role.name, inherited));
    return {};
  }

  core::Result<bool> remove(core::Tx& tx, std::string_view name, std::string_view stamp) override {
    auto& db = storage::sql(tx);
    TRY(db.send("UPDATE role_graph SET stamp = $1 WHERE id = 1", stamp));
    TRY(db.send("DELETE FROM role_permissions WHERE role = $1", name));
    TRY(db.send("DELETE FROM role_inherits WHERE role = $1 OR inherits = $1", name));
    TRY(db.send("DELETE FROM role_assignments WHERE role = $1", name));
    return TRY(db.query("DELETE FROM roles WHERE name = $1", name)).changed() == 1;
  }

  core::Result<UserRoles> list_assignments(core::Tx& tx, accounts::UserId user) override {
    UserRoles found;
    const auto rows = TRY(storage::sql(tx).query(
        "SELECT " USHER_USER_ROLES_COLUMNS " FROM " USHER_USER_ROLES_JOIN("$1") " WHERE g.id = 1", user));
    for (storage::Row row : rows) add_row(found, row);
    return found;
  }

  core::Result<> assign(core::Tx& tx, const Assignment& a) override {
    return storage::sql(tx).send(
        "INSERT INTO role_assignments (user_id, role, given_by, given_at, expires_at) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (user_id, role) DO UPDATE SET given_by = excluded.given_by, given_at = excluded.given_at, "
        "expires_at = excluded.expires_at",
        a.user, a.role, a.given_by, a.given_at, a.expires_at);
  }

  core::Result<bool> unassign(core::Tx& tx, accounts::UserId user, std::string_view role) override {
    const auto rows =
        TRY(storage::sql(tx).query("DELETE FROM role_assignments WHERE user_id = $1 AND role = $2", user, role));
    return rows.changed() == 1;
  }

  core::Result<int64_t> count_lasting_holders(core::Tx& tx, std::string_view role, accounts::UserId except) override {
    return TRY(storage::sql(tx).query(
        "SELECT count(*) FROM role_assignments AS a JOIN users AS u ON u.id = a.user_id WHERE a.role = $1 AND "
        "a.expires_at IS NULL AND a.user_id <> $2 AND u.disabled_at IS NULL AND u.deleted_at IS NULL "
        "AND u.delete_after IS NULL",
        role, except))[0]
        .number(0);
  }
};

}  // namespace

void add_row(UserRoles& held, const storage::Row& row, int first) {
  held.stamp = row.text(first);
  if (row.null(first + 1)) return;
  auto assignment = read_assignment(row, first + 1);
  const auto place = std::ranges::upper_bound(held.assignments, assignment.role, {}, &Assignment::role);
  held.assignments.insert(place, std::move(assignment));
}

std::unique_ptr<RoleStore> create_sql_role_store() { return std::make_unique<SqlRoleStore>(); }

}  // namespace roles
