// Owns: roles, who inherits what, and what follows from it.
// Does not own: rows (role_store.h), rules of change (access_service.h).
// Thread rule: values and pure functions.
#pragma once
#include <map>
#include <memory>
#include <span>

#include "access/permission_set.h"
#include "accounts/user.h"

namespace roles {

inline constexpr std::string_view super_admin = "super_admin";

struct Role {
  std::string name;  // 1 to 64 of a-z, 0-9, '_' and '-', a letter first
  std::string description;
  std::vector<std::string> permissions, inherits;  // sorted, each once
  bool seeded = false;                             // part of the system
  core::Time created_at;
  bool operator==(const Role&) const = default;
};

bool is_role_name(std::string_view name);

// That a user holds a role.
struct Assignment {
  accounts::UserId user;
  std::string role;
  std::optional<accounts::UserId> given_by;  // absent: the system or the command line
  core::Time given_at;
  std::optional<core::Time> expires_at;

  bool current(core::Time now) const { return !expires_at || now < *expires_at; }
  bool operator==(const Assignment&) const = default;
};

// All roles. Names that no role has are no error: they allow nothing.
class RoleGraph {
 public:
  RoleGraph() = default;
  explicit RoleGraph(std::vector<Role> roles);

  const Role* find(std::string_view name) const;  // null when there is none
  const std::map<std::string, Role, std::less<>>& roles() const { return roles_; }
  // Adds the role, or replaces the one of its name.
  void put(Role role);
  void erase(std::string_view name);

  // `names` that exist and all that they inherit at any depth, sorted. Cycles and depth do no harm.
  std::vector<std::string_view> inherited(std::span<const std::string> names) const;
  PermissionSet permissions(std::span<const std::string> names) const;
  PermissionSet permissions(std::string_view name) const;
  // Whether a role of that name, inheriting these, would inherit itself.
  bool would_cycle(std::string_view name, std::span<const std::string> inherits) const;

 private:
  std::map<std::string, Role, std::less<>> roles_;
};

// The roles of a new installation, each inheriting the next: super_admin, admin, support, user. New users get `user`.
inline constexpr std::string_view default_role = "user";
std::vector<Role> seeded_roles(core::Time now);

}  // namespace roles
