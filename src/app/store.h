// Owns: opening the database that the settings name, and bringing its schema up to date.
// Thread rule: at start-up.
#pragma once
#include "app/config.h"
#include "storage/database.h"

namespace app {

// Where a sqlite: URL, or data.dir without one, puts the file.
std::string sqlite_path(const StoreConfig& config);
core::Result<std::unique_ptr<storage::Database>> open_database(const Config& config, const core::Clock& clock);

}  // namespace app
