// Owns: users in SQL.
// Thread rule: any worker thread.
#pragma once
#include <memory>

#include "accounts/user_store.h"

namespace accounts {

// A search ignores the case of all letters that the engine's lower() knows: on SQLite those of ASCII.
std::unique_ptr<Store> create_sql_store();

}  // namespace accounts
