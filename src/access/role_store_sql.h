// Owns: roles and assignments in SQL.
// Thread rule: any worker thread.
#pragma once
#include <memory>

#include "access/role_store.h"

namespace roles {

std::unique_ptr<RoleStore> create_sql_role_store();

}  // namespace roles
