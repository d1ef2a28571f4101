#include "access/role.h"

#include <algorithm>

namespace roles {

bool is_role_name(std::string_view name) {
  const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && name.size() <= 64 && is_lower(name[0]) && std::ranges::all_of(name, [&](char c) {
    return is_lower(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

RoleGraph::RoleGraph(std::vector<Role> roles) {
  for (auto& role : roles) put(std::move(role));
}

const Role* RoleGraph::find(std::string_view name) const {
  const auto at = roles_.find(name);
  return at == roles_.end() ? nullptr : &at->second;
}

void RoleGraph::put(Role role) {
  std::string name = role.name;
  roles_.insert_or_assign(std::move(name), std::move(role));
}

void RoleGraph::erase(std::string_view name) {
  if (const auto at = roles_.find(name); at != roles_.end()) roles_.erase(at);
}

std::vector<std::string_view> RoleGraph::inherited(std::span<const std::string> names) const {
  std::map<std::string_view, const Role*> seen;
  std::vector<const Role*> open;  // a stack of our own: depth is the caller's data
  const auto visit = [&](std::string_view name) {
    const Role* role = find(name);
    if (role && seen.emplace(role->name, role).second) open.push_back(role);
  };
  for (const auto& name : names) visit(name);
  while (!open.empty()) {
    const Role* role = open.back();
    open.pop_back();
    for (const auto& name : role->inherits) visit(name);
  }
  std::vector<std::string_view> all;
  for (const auto& [name, role] : seen) all.push_back(name);
  return all;
}

PermissionSet RoleGraph::permissions(std::span<const std::string> names) const {
  std::vector<std::string> all;
  for (const auto name : inherited(names)) {
    const auto& own = find(name)->permissions;
    all.insert(all.end(), own.begin(), own.end());
  }
  return PermissionSet(std::move(all));
}

PermissionSet RoleGraph::permissions(std::string_view name) const {
  const std::string names[] = {std::string(name)};
  return permissions(names);
}

bool RoleGraph::would_cycle(std::string_view name, std::span<const std::string> inherits) const {
  // The role may be new, so its own name in `inherits` is compared apart.
  return std::ranges::find(inherits, name) != inherits.end() || std::ranges::binary_search(inherited(inherits), name);
}

std::vector<Role> seeded_roles(core::Time now) {
  const auto role = [now](std::string_view name, std::string_view description, std::vector<std::string> permissions,
                          std::vector<std::string> inherits) {
    return Role{std::string(name), std::string(description), std::move(permissions), std::move(inherits), true, now};
  };
  // A role stands behind those that it inherits, so that it can be written in this order.
  return {role(default_role, "Everybody: one's own profile and sessions, which need no permission.", {}, {}),
          role("support", "Sees users, their sessions and their roles.", {"roles:read", "sessions:read", "users:read"},
               {"user"}),
          role("admin", "Runs the accounts: users, sessions, and roles that allow no more than this one.",
               {"roles:assign", "roles:write", "sessions:revoke", "users:invite", "users:write"}, {"support"}),
          role(super_admin, "Everything. There is always one.", {"*:*"}, {"admin"})};
}

}  // namespace roles
