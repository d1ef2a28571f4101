// Owns: self::RemainsStore on SQL.
#pragma once
#include <memory>

#include "self/remains_store.h"

namespace self {

std::unique_ptr<RemainsStore> create_sql_remains_store();
// The tables of which erase() takes a user's rows, by their column user_id.
std::span<const std::string_view> erased_tables();

}  // namespace self
