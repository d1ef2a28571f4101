// Owns: opening the database that the settings name, and bringing its schema up to date.
// Thread rule: at start-up.
#pragma once
#include "app/config.h"
#include "storage/database.h"

namespace app {

// Where a sqlite: URL, or data.dir without one, puts the file.
std::string sqlite_path(const StoreConfig& config);
// What a person calls the store.
std::string store_name(const Config& config);
// Whether the embedded store is there; a sentence where that cannot be told.
core::Result<bool> exists(const StoreConfig& config);
// validation_failed where opening the store would make one: with a sentence that says how to name another.
core::Result<> ensure_exists(const Config& config);
// Makes an embedded store where there is none.
core::Result<std::unique_ptr<storage::Database>> open_database(const Config& config, const core::Clock& clock);

}  // namespace app
