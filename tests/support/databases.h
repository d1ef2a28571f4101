// Owns: an empty, migrated database of each engine for a test.
// Does not own: the servers behind them (postgres_server.h).
// Thread rule: any thread.
#pragma once
#include <memory>
#include <string>

#include "core/clock.h"
#include "storage/database.h"
#include "storage/postgres/postgres.h"
#include "storage/sqlite/sqlite.h"

namespace support {

// A directory that is removed when the process ends; a new one for each call.
std::string create_test_directory();

enum class Schema {
  embedded,  // the tables of this binary
  empty,     // SQL functions and the table of migrations only
};

// On disk, in a directory of its own. `clock` outlives it.
std::unique_ptr<storage::Database> open_test_sqlite(const core::Clock& clock, Schema schema = Schema::embedded);
// Null where PostgreSQL is not installed: GTEST_SKIP() << postgres_absent.
std::unique_ptr<storage::Database> open_test_postgres(Schema schema = Schema::embedded);

}  // namespace support
