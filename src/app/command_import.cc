#include <cstdio>
#include <filesystem>

#include "app/command_line.h"
#include "imports/formats.h"
#include "imports/importer.h"

namespace app {
namespace {

using core::Result;

std::string option(const Call& call, std::string_view name) {
  const auto given = call.options.find(name);
  return given == call.options.end() ? "" : given->second;
}

void complain(const std::string& where, const core::FieldError& problem) {
  std::fprintf(stderr, "%s: %s%s%s: %s\n", where.c_str(), problem.field.c_str(), problem.field.empty() ? "" : " ",
               problem.code.c_str(), problem.message.c_str());
}

void print(const imports::Report& report, const char* created) {
  std::printf("%s %lld, already there %lld, refused %lld\n", created, static_cast<long long>(report.created),
              static_cast<long long>(report.existing), static_cast<long long>(report.refused));
}

// All of the file is read before anything is written: a mistake in it is told together with the others.
Result<> import_users(const Call& call) {
  // It is read twice: a pipe would be empty the second time.
  if (std::filesystem::exists(call.words[0]) && !std::filesystem::is_regular_file(call.words[0]))
    return core::fail(core::Code::validation_failed, call.words[0] + " is not a file");
  const auto app = TRY(App::create(call.config, call.config.store.migrate));
  const auto opened = TRY(imports::open_source(
      call.words[0],
      {.format = option(call, "format"), .hash_config = option(call, "hash-config"), .now = app->clock.now()}));
  imports::Importer importer(
      {*app->database, *app->users, *app->role_rows, app->access, *app->audit, app->random, app->clock});
  const auto seen = TRY(importer.examine(*opened.source, complain));
  const bool all = seen.refused == 0 || call.options.contains("skip-bad");
  if (call.options.contains("dry-run")) print(seen, "would create");
  else if (all) print(TRY(importer.import(*opened.source, opened.format, command_line)), "created");
  if (all) return {};
  return core::fail(core::Code::validation_failed, "nothing was imported, because " + std::to_string(seen.refused) +
                                                       " users are refused; --skip-bad imports the others");
}

}  // namespace

std::vector<Command> import_commands() {
  return {{.name = "user import",
           .arguments = "FILE",
           .summary = "Create the users of another system's export; they keep their passwords (docs/IMPORT.md).",
           .least = 1,
           .most = 1,
           .run = import_users,
           .optional = {"format", "hash-config"},
           .switches = {"dry-run", "skip-bad"}}};
}

}  // namespace app
