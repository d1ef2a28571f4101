// Owns: which columns make a user's roles, for statements that join them.
// Thread rule: macros and plain functions.
#pragma once
#include "access/role_store.h"
#include "storage/database.h"

namespace roles {

// Of role_graph AS g and role_assignments AS a. One row at least, whether or not there are assignments: the stamp costs
// no statement of its own.
#define USHER_USER_ROLES_COLUMNS "g.stamp, a.user_id, a.role, a.given_by, a.given_at, a.expires_at"
#define USHER_USER_ROLES_JOIN(user) "role_graph AS g LEFT JOIN role_assignments AS a ON a.user_id = " user
constexpr int user_roles_columns = 6;

// Adds what one row of a user holds from column `first` on.
void add_row(UserRoles& held, const storage::Row& row, int first = 0);

}  // namespace roles
