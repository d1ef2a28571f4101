#include "tests/support/databases.h"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "storage/migrations.h"
#include "tests/support/keeper.h"
#include "tests/support/postgres_server.h"

namespace support {
namespace {

std::string create_process_directory() {
  std::string path = "/tmp/usher-test-XXXXXX";
  if (!mkdtemp(path.data())) std::abort();
  close(start_keeper("trap '' INT TERM HUP; read -r ended; rm -rf \"$1\"", {path}));
  return path;
}

std::unique_ptr<storage::Database> migrated(core::Result<std::unique_ptr<storage::Database>> database, Schema schema) {
  core::Result<size_t> done;
  if (database) {
    done = schema == Schema::empty ? storage::migrate_up(**database, std::span<const storage::Migration>())
                                   : storage::migrate_up(**database);
  }
  const core::Error* error = !database ? &database.error() : !done ? &done.error() : nullptr;
  if (error) {
    std::fprintf(stderr, "no database for the test: %s\n", error->cause.c_str());
    std::abort();
  }
  return std::move(*database);
}

}  // namespace

std::string create_test_directory() {
  static const std::string all = create_process_directory();
  static std::atomic<int> number{0};
  const std::string path = all + "/" + std::to_string(++number);
  std::filesystem::create_directory(path);
  return path;
}

std::unique_ptr<storage::Database> open_test_sqlite(const core::Clock& clock, Schema schema) {
  return migrated(storage::open_sqlite({.path = create_test_directory() + "/usher.db"}, clock), schema);
}

std::unique_ptr<storage::Database> open_test_postgres(Schema schema) {
  const auto url = create_postgres_database();
  if (!url) return nullptr;
  return migrated(storage::open_postgres({.url = *url}), schema);
}

}  // namespace support
