// A roles::RoleStore in memory, beside the users that it counts. Give `state` to FakeTransactor::track().
#pragma once
#include <algorithm>

#include "access/role_store.h"
#include "tests/support/fake_accounts.h"

namespace test {

class FakeRoles final : public roles::RoleStore {
 public:
  using UserId = accounts::UserId;
  struct State {
    std::string stamp;
    std::map<std::string, roles::Role, std::less<>> roles;
    std::map<std::pair<UserId, std::string>, roles::Assignment> assignments;
  };

  explicit FakeRoles(const FakeUsers& users) : users_(users) {}
  State state;
  int lists = 0;  // how often all roles were read

  core::Result<> lock(core::Tx&) override { return {}; }
  core::Result<roles::RoleList> list(core::Tx&) override {
    ++lists;
    roles::RoleList all{state.stamp, {}};
    for (const auto& [name, role] : state.roles) all.roles.push_back(role);
    return all;
  }
  core::Result<> put(core::Tx&, const roles::Role& role, std::string_view stamp) override {
    state.stamp = stamp;
    roles::Role stored = role;
    if (const auto at = state.roles.find(role.name); at != state.roles.end()) {
      stored.seeded = at->second.seeded;
      stored.created_at = at->second.created_at;
    }
    state.roles.insert_or_assign(role.name, stored);
    return {};
  }
  core::Result<bool> remove(core::Tx&, std::string_view name, std::string_view stamp) override {
    state.stamp = stamp;
    std::erase_if(state.assignments, [&](const auto& held) { return held.first.second == name; });
    for (auto& [other, role] : state.roles) std::erase(role.inherits, name);
    return std::erase_if(state.roles, [&](const auto& role) { return role.first == name; }) == 1;
  }

  core::Result<roles::UserRoles> list_assignments(core::Tx&, UserId user) override {
    roles::UserRoles found{state.stamp, {}};
    for (const auto& [key, assignment] : state.assignments)
      if (key.first == user) found.assignments.push_back(assignment);
    return found;
  }
  core::Result<> assign(core::Tx&, const roles::Assignment& assignment) override {
    if (!state.roles.contains(assignment.role) || !users_.users.contains(assignment.user))
      return core::fail(core::Code::conflict);
    state.assignments.insert_or_assign({assignment.user, assignment.role}, assignment);
    return {};
  }
  core::Result<bool> unassign(core::Tx&, UserId user, std::string_view role) override {
    return state.assignments.erase({user, std::string(role)}) == 1;
  }
  core::Result<int64_t> count_lasting_holders(core::Tx&, std::string_view role, UserId except) override {
    return std::ranges::count_if(state.assignments, [&](const auto& held) {
      const auto& [user, name] = held.first;
      return name == role && user != except && !held.second.expires_at && users_.users.at(user).stays();
    });
  }

 private:
  const FakeUsers& users_;
};

}  // namespace test
