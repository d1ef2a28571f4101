// Owns: which columns make a user, for statements that join them.
// Thread rule: macros and plain functions.
#pragma once
#include "accounts/user.h"
#include "storage/database.h"

namespace accounts {

// `t` is the table's alias with its dot, or nothing.
#define USHER_USER_COLUMNS(t)                                                                                    \
  t "id, " t "email, " t "email_key, " t "first_name, " t "last_name, " t "account_type, " t "password_hash, " t \
    "auth_epoch, " t "email_verified_at, " t "disabled_at, " t "deleted_at, " t "created_at, " t "delete_after"
constexpr int user_columns = 13;

// The user whose columns begin at `first`.
User read_user(const storage::Row& row, int first = 0);

}  // namespace accounts
