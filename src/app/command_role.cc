#include <cstdio>

#include "app/command_line.h"
#include "devices/clean_text.h"

namespace app {
namespace {

using core::Result;

std::string join(const std::vector<std::string>& items) { return roles::join(items); }

Result<> list(const Call& call) {
  const auto app = TRY(open_app(call));
  for (const auto& view : TRY(app->access.list()))
    std::printf("%-20s %s\n  permissions: %s\n  inherits: %s\n", view.role.name.c_str(),
                devices::clean_text(view.role.description, 200).c_str(), join(view.role.permissions).c_str(),
                join(view.role.inherits).c_str());
  return {};
}

Result<> create(const Call& call) {
  const auto app = TRY(open_app(call));
  roles::NewRole role{.name = call.words[0], .description = call.words[0], .permissions = {}, .inherits = {}};
  role.permissions.assign(call.words.begin() + 1, call.words.end());
  TRY(app->access.create(role, command_line));
  std::printf("created role %s\n", role.name.c_str());
  return {};
}

Result<> remove(const Call& call) {
  const auto app = TRY(open_app(call));
  TRY(app->access.remove(call.words[0], command_line));
  std::printf("deleted role %s\n", call.words[0].c_str());
  return {};
}

}  // namespace

std::vector<Command> role_commands() {
  return {{"role list", "", "List roles with their permissions.", 0, 0, list},
          {"role create", "NAME PERMISSION…", "Create a role.", 1, 100, create},
          {"role delete", "NAME", "Delete a role that is not part of the system.", 1, 1, remove}};
}

}  // namespace app
