// Owns: what a command is.
#pragma once
#include <map>

#include "app/config.h"

namespace app {

using Words = std::vector<std::string>;

struct Call {
  const Config& config;
  core::Settings& settings;
  Words words;  // behind the command's name
  std::map<std::string, std::string, std::less<>> options = {};
};

struct Command {
  std::string_view name;       // "user grant"
  std::string_view arguments;  // "EMAIL ROLE"
  std::string_view summary;
  size_t least, most;  // how many words
  core::Result<> (*run)(const Call&);
  // Flags of its own, which are no settings: all are needed; may be given; take no value.
  std::vector<std::string_view> options = {}, optional = {}, switches = {};
};

std::vector<Command> server_commands();
std::vector<Command> health_commands();
std::vector<Command> user_commands();
std::vector<Command> import_commands();
std::vector<Command> role_commands();
std::vector<Command> session_commands();
std::vector<Command> key_commands();
std::vector<Command> data_commands();
std::vector<Command> audit_commands();
std::vector<Command> risk_commands();

}  // namespace app
