#include <cstdio>
#include <filesystem>

#include "app/command.h"
#include "app/store.h"
#include "storage/copy.h"
#include "storage/data_directory.h"
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

void tell_how_to_go_on(const Config& from, const Config& to) {
  if (is_sqlite(to)) return;
  std::printf(
      "Now serve from it, with the key that seals what was copied:\n"
      "  USHER_KEYS_MASTER_FILE=%s usher serve --database.url=postgresql://…\n",
      from.store.master_key.empty() ? (directory_of(from) + "/master.key").c_str() : "…");
}

Result<> copy(const Call& call) {
  const Config from = with_url(call, "from"), to = with_url(call, "to");
  if (from.uses_postgres() == to.uses_postgres() || is_sqlite(from) == is_sqlite(to))
    return core::fail(core::Code::validation_failed,
                      "data copy goes between --from=sqlite:FILE and --to=postgresql://…, in either direction");
  if (is_sqlite(from) && !std::filesystem::exists(sqlite_path(from.store)))
    return core::fail(core::Code::validation_failed, "there is no " + sqlite_path(from.store));
  if (is_sqlite(to)) TRY(storage::create_directory(directory_of(to)));
  const core::SystemClock clock;
  // What a server writes after its row was copied would be lost.
  const auto lock = TRY(storage::lock_directory(directory_of(is_sqlite(from) ? from : to)));
  const auto source = TRY(open_database(from, clock));
  for (const auto& migration : TRY(storage::migration_status(*source)))
    if (migration.state != storage::MigrationState::applied)
      return core::fail(core::Code::validation_failed,
                        "the database to copy from has another schema: run `usher migrate` on it");
  const auto target = TRY(open_database(to, clock));
  TRY(storage::migrate_up(*target));
  for (const auto& table : TRY(storage::copy(*source, *target)))
    std::printf("%-20s %ld\n", std::string(table.table).c_str(), static_cast<long>(table.rows));
  tell_how_to_go_on(from, to);
  return {};
}

}  // namespace

std::vector<Command> data_commands() {
  return {{"data copy",
           "--from=sqlite:FILE --to=postgresql://…",
           "Move everything to another, empty database; nobody is signed out.",
           0,
           0,
           copy,
           {"from", "to"}}};
}

}  // namespace app
