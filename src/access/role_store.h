// Owns: rows of roles and of their assignments.
// Does not own: their rules (role.h, access_service.h), users.
// Thread rule: any worker thread.
#pragma once
#include "access/role.h"
#include "core/unit_of_work.h"

namespace roles {

// All roles, and a stamp that no other state of them ever had.
struct RoleList {
  std::string stamp;
  std::vector<Role> roles;
};

struct UserRoles {
  std::string stamp;  // of the roles' definitions in the same snapshot
  std::vector<Assignment> assignments;
};

class RoleStore {
 public:
  virtual ~RoleStore() = default;
  // Waits for every other transaction that called it: whoever changes roles, or takes one away, does so first.
  virtual core::Result<> lock(core::Tx& tx) = 0;
  // By name.
  virtual core::Result<RoleList> list(core::Tx& tx) = 0;
  // Creates the role, or replaces all but `seeded` and `created_at` of the one of its name. What it inherits exists.
  virtual core::Result<> put(core::Tx& tx, const Role& role, std::string_view stamp) = 0;
  // With its assignments; other roles do not inherit it any more. False when there is none.
  virtual core::Result<bool> remove(core::Tx& tx, std::string_view name, std::string_view stamp) = 0;

  // By role; those that have expired are among them.
  virtual core::Result<UserRoles> list_assignments(core::Tx& tx, accounts::UserId user) = 0;
  // Creates the assignment, or replaces the one of the same user and role. Both exist.
  virtual core::Result<> assign(core::Tx& tx, const Assignment& assignment) = 0;
  // False when the user did not hold the role.
  virtual core::Result<bool> unassign(core::Tx& tx, accounts::UserId user, std::string_view role) = 0;
  // Users but `except` who hold the role itself, without expiry, and are neither disabled nor deleted.
  virtual core::Result<int64_t> count_lasting_holders(core::Tx& tx, std::string_view role, accounts::UserId except) = 0;
};

}  // namespace roles
