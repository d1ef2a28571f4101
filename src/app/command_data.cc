#include <cstdio>
#include <filesystem>
#include <iostream>

#include "app/command.h"
#include "app/store.h"
#include "storage/copy.h"
#include "storage/data_directory.h"
#include "storage/lines.h"
#include "storage/migrations.h"

namespace app {
namespace {

using core::Result;

Config with_url(const Call& call, std::string_view option) {
  Config config = call.config;
  config.store.database_url = crypto::Secret(call.options.find(option)->second);
  return config;
}

bool is_sqlite(const Config& config) { return config.store.database_url.expose().starts_with("sqlite:"); }

std::string directory_of(const Config& config) {
  return std::filesystem::absolute(sqlite_path(config.store)).parent_path().string();
}

// A server holds the lock of its data.dir, which may be another directory than that of its file.
Result<std::vector<storage::DirectoryLock>> lock(const Config& embedded) {
  std::vector<storage::DirectoryLock> locks;
  const std::string of_file = directory_of(embedded), of_server = embedded.store.data_dir;
  locks.push_back(TRY(storage::lock_directory(of_file)));
  if (std::filesystem::exists(of_server) && !std::filesystem::equivalent(of_file, of_server))
    locks.push_back(TRY(storage::lock_directory(of_server)));
  return locks;
}

void tell_how_to_go_on(const Config& from, const Config& to) {
  std::printf("What is secret in it stays sealed under the same key.\n");
  if (is_sqlite(to)) {
    std::printf("Give it as keys.master, or as the one line of master.key (mode 0600) in data.dir.\n");
    return;
  }
  std::printf(
      "  USHER_KEYS_MASTER_FILE=%s usher serve --database.url=postgresql://…\n",
      from.store.master_key.empty() ? (std::filesystem::absolute(from.store.data_dir) / "master.key").c_str() : "…");
}

Result<std::unique_ptr<storage::Database>> open_source(const Config& config, const core::Clock& clock) {
  auto source = TRY(open_database(config, clock));
  for (const auto& migration : TRY(storage::migration_status(*source)))
    if (migration.state != storage::MigrationState::applied)
      return core::fail(core::Code::validation_failed,
                        "the database to read from has another schema: run `usher migrate` on it");
  return source;
}

Result<> copy(const Call& call) {
  const Config from = with_url(call, "from"), to = with_url(call, "to");
  if (from.uses_postgres() == to.uses_postgres() || is_sqlite(from) == is_sqlite(to))
    return core::fail(core::Code::validation_failed,
                      "data copy goes between --from=sqlite:FILE and --to=postgresql://…, in either direction");
  TRY(ensure_exists(from));
  if (is_sqlite(to)) TRY(storage::create_directory(directory_of(to)));
  const core::SystemClock clock;
  // What a server writes after its row was copied would be lost.
  const auto locks = TRY(lock(is_sqlite(from) ? from : to));
  const auto source = TRY(open_source(from, clock));
  const auto target = TRY(open_database(to, clock));
  TRY(storage::migrate_up(*target));
  for (const auto& table : TRY(storage::copy(*source, *target)))
    std::printf("%-20s %ld\n", std::string(table.table).c_str(), static_cast<long>(table.rows));
  tell_how_to_go_on(from, to);
  return {};
}

// From one snapshot: a server may go on meanwhile.
Result<> export_lines(const Call& call) {
  TRY(ensure_exists(call.config));
  const core::SystemClock clock;
  const auto database = TRY(open_source(call.config, clock));
  const auto rows = TRY(storage::write_lines(*database, std::cout));
  std::fprintf(stderr, "%ld rows. What is secret in them stays sealed under keys.master.\n", static_cast<long>(rows));
  return {};
}

Result<> import_lines(const Call& call) {
  const core::SystemClock clock;
  std::vector<storage::DirectoryLock> locks;
  if (!call.config.uses_postgres()) {
    TRY(storage::create_directory(directory_of(call.config)));
    locks = TRY(lock(call.config));
  }
  const auto database = TRY(open_database(call.config, clock));
  TRY(storage::migrate_up(*database));
  const auto rows = TRY(storage::read_lines(std::cin, *database));
  std::printf("%ld rows. Give every node the keys.master under which they were exported.\n", static_cast<long>(rows));
  return {};
}

}  // namespace

std::vector<Command> data_commands() {
  return {{"data export", "> FILE", "Write everything as lines of JSON.", 0, 0, export_lines},
          {"data import", "< FILE", "Read such lines into a new, empty database.", 0, 0, import_lines},
          {"data copy",
           "--from=sqlite:FILE --to=postgresql://…",
           "Move everything to another, empty database; nobody is signed out.",
           0,
           0,
           copy,
           {"from", "to"}}};
}

}  // namespace app
