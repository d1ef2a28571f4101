// Owns: the embedded store: one SQLite file in WAL mode, one writer thread, a few readers.
// Does not own: the directory and its lock (data_directory.h), the schema (migrations.h).
// Thread rule: as Database.
#pragma once
#include <memory>
#include <string>

#include "core/clock.h"
#include "storage/database.h"

namespace storage {

enum class Synchronous {
  full,  // a commit is on disk before it is acknowledged
  off,   // for measurements and for the test that proves the other one: a power cut loses commits
};

struct SqliteOptions {
  std::string path;
  // How long to wait for another process (the command line beside the server) before store_unavailable.
  core::Millis busy_timeout{2000};
  size_t readers = 4;  // connections, opened when needed
  size_t batch = 128;  // transactions in one commit, at most
  Synchronous synchronous = Synchronous::full;
  std::string vfs = {};  // empty: the system's
};

// Creates the file where it is absent; its directory must exist. `clock` outlives the Database and is what
// usher_now() tells. An error's cause is a sentence for the operator.
core::Result<std::unique_ptr<Database>> open_sqlite(SqliteOptions options, const core::Clock& clock);

}  // namespace storage
