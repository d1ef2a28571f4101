// Owns: what a user's own data are, in SQL for both engines.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <span>

#include "self/export_store.h"

namespace self {

std::unique_ptr<ExportStore> create_sql_export_store();
// The columns of each table that are exported, for tests.
std::map<std::string_view, std::set<std::string>> exported_columns();

}  // namespace self
