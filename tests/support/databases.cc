#include "tests/support/databases.h"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "storage/migrations.h"
#include "tests/support/postgres_server.h"

namespace support {
namespace {

class ProcessDirectory {
 public:
  ProcessDirectory() {
    if (!mkdtemp(path_.data())) std::abort();
  }
  ~ProcessDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/usher-test-XXXXXX";
};

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
  static ProcessDirectory all;
  static std::atomic<int> number{0};
  const std::string path = all.path() + "/" + std::to_string(++number);
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
