#include <cstdio>
#include <filesystem>
#include <fstream>

#include "app/command.h"
#include "app/routes.h"
#include "app/serve.h"
#include "app/store.h"
#include "app/version.h"
#include "http/openapi.h"
#include "storage/migrations.h"
#include "storage/tables.h"

namespace app {
namespace {

using core::Result;

Result<> run_serve(const Call& call) { return serve(call.config); }

Result<> run_migrate_up(const Call& call) {
  TRY(App::create(call.config, Migrate::automatic));
  std::printf("the schema is up to date\n");
  return {};
}

std::string_view shown(storage::MigrationState state) {
  switch (state) {
    case storage::MigrationState::pending:
      return "pending";
    case storage::MigrationState::applied:
      return "applied";
    case storage::MigrationState::changed:
      return "CHANGED since it was applied";
    case storage::MigrationState::newer:
      return "applied by a newer version";
  }
  std::unreachable();
}

Result<> run_migrate_status(const Call& call) {
  TRY(ensure_exists(call.config));
  const core::SystemClock clock;
  const auto database = TRY(open_database(call.config, clock));
  for (const auto& row : TRY(storage::migration_status(*database)))
    std::printf("%04ld %-20s %s %s\n", static_cast<long>(row.version), row.name.c_str(), shown(row.state).data(),
                row.applied_at ? core::iso8601(*row.applied_at).c_str() : "");
  return {};
}

Result<> run_seed(const Call& call) {
  const auto app = TRY(App::create(call.config, Migrate::automatic));
  TRY(app->database->atomically([&](core::Tx& tx) { return app->access.seed(tx); }));
  std::printf("roles and permissions are there\n");
  return {};
}

Result<> run_config(const Call& call) {
  for (const auto& row : call.settings.rows())
    std::printf("%s %s = %s\n", row.changed ? "*" : " ", row.name.c_str(), row.show().c_str());
  std::printf("\n* differs from the default, or was given\n");
  return {};
}

Result<> run_version(const Call&) {
  std::printf("usher %s\n", version.c_str());
  return {};
}

Result<> write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) return core::fail(core::Code::internal, "cannot write " + path.string());
  return {};
}

std::string errors_markdown() {
  std::string out = "| code | status | title | when |\n|---|---|---|---|\n";
  for (const auto& row : core::error_rows())
    out += "| `" + std::string(row.name) + "` | " + std::to_string(row.status) + " | " + std::string(row.title) +
           " | " + std::string(row.doc) + " |\n";
  return out;
}

const std::string generated = "<!-- Made by ./dev gen from the tables in src/; do not edit. -->\n\n";

// The reference pages of docs/reference, from the same tables that the server runs on.
Result<> run_gen(const Call& call) {
  const std::filesystem::path directory = call.words[0];
  const auto app = TRY(App::create(call.config, Migrate::automatic));
  const mail::Mailbox mailbox(app->clock);
  const auto routes = all_routes(*app, &mailbox, nullptr);
  TRY(write(directory / "openapi.json", http::openapi_json(routes, {.version = version})));
  TRY(write(directory / "routes.md", generated + "# Routes\n\n" + http::routes_markdown(routes)));
  TRY(write(directory / "errors.md", generated + "# Error codes\n\n" + errors_markdown()));
  TRY(write(directory / "data.md", generated + "# Exported data\n\n" + storage::lines_markdown()));
  TRY(write(directory / "config.md", generated + "# Settings\n\n" + settings_markdown(call.settings)));
  return {};
}

}  // namespace

std::vector<Command> server_commands() {
  return {{"serve", "", "Serve until SIGTERM.", 0, 0, run_serve},
          {"migrate up", "", "Bring the schema up to date.", 0, 0, run_migrate_up},
          {"migrate status", "", "Show each migration.", 0, 0, run_migrate_status},
          {"migrate", "", "The same as migrate up.", 0, 0, run_migrate_up},
          {"seed", "", "Create the roles that every installation has.", 0, 0, run_seed},
          {"config", "", "Show every setting; secrets are not shown.", 0, 0, run_config},
          {"gen", "DIRECTORY", "Write the reference pages.", 1, 1, run_gen},
          {"version", "", "Show the version.", 0, 0, run_version}};
}

}  // namespace app
