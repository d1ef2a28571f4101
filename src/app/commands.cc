#include "app/commands.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "app/command.h"
#include "core/result.h"

namespace app {
namespace {

struct Line {
  Words words;
  std::vector<std::string> flags;  // "name=value"
  bool help = false;
};

// Of any command: such a flag does not take the next word for its value.
bool is_switch(const std::vector<Command>& commands, std::string_view name) {
  return std::ranges::any_of(commands,
                             [&](const Command& c) { return std::ranges::find(c.switches, name) != c.switches.end(); });
}

// "--name=value" and "--name value" are flags, everything else is a word.
Line read(std::span<char*> arguments, const std::vector<Command>& commands) {
  Line line;
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string text = arguments[i];
    if (text == "--help" || text == "-h") {
      line.help = true;
    } else if (text == "--version") {
      line.words.push_back("version");
    } else if (!text.starts_with("--")) {
      line.words.push_back(std::move(text));
    } else {
      text.erase(0, 2);
      if (text.find('=') == std::string::npos && !is_switch(commands, text) && i + 1 < arguments.size())
        text += '=' + std::string(arguments[++i]);
      line.flags.push_back(std::move(text));
    }
  }
  return line;
}

std::vector<Command> all_commands() {
  std::vector<Command> all;
  for (auto* group : {server_commands, health_commands, user_commands, import_commands, role_commands, session_commands,
                      key_commands, data_commands, audit_commands, risk_commands})
    std::ranges::move(group(), std::back_inserter(all));
  return all;
}

// A character may be several bytes.
size_t width(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

// Of the commands that begin with `word`; of all where none does.
void print_usage(std::FILE* out, const std::vector<Command>& commands, std::string_view word) {
  constexpr size_t column = 42;
  const auto begins = [&](const Command& command) {
    return command.name == word || command.name.starts_with(std::string(word) + ' ');
  };
  const bool some = std::ranges::any_of(commands, begins);
  std::fprintf(out, "usage: usher COMMAND [--setting=value …]\n\n");
  for (const auto& command : commands) {
    if (some && !begins(command)) continue;
    std::string left = "  " + std::string(command.name) + ' ' + std::string(command.arguments);
    left.append(std::max(column, width(left) + 1) - width(left), ' ');
    std::fprintf(out, "%s %s\n", left.c_str(), command.summary.data());
  }
  std::fprintf(out,
               "\nSettings come from usher.toml (--config=FILE), the environment (USHER_…) and flags; `usher config` "
               "shows them.\n");
}

// The command whose name the words begin with; null when there is none.
const Command* match(const std::vector<Command>& commands, Words& words) {
  for (const auto& command : commands) {
    const bool two = command.name.find(' ') != std::string_view::npos;
    if (words.size() < (two ? 2u : 1u)) continue;
    if ((two ? words[0] + ' ' + words[1] : words[0]) != command.name) continue;
    words.erase(words.begin(), words.begin() + (two ? 2 : 1));
    return &command;
  }
  return nullptr;
}

int report(const core::Error& error) {
  std::string text = error.detail.empty() ? error.cause : error.detail;
  for (const auto& field : error.fields) text += (text.empty() ? "" : "; ") + field.field + ' ' + field.message;
  if (text.empty()) text = std::string(core::row(error.code).title);
  std::fprintf(stderr, "usher: %s\n", text.c_str());
  return 1;
}

// Takes the flag off the line; false when it is not there.
bool take_option(Line& line, Call& call, std::string_view name, const std::string& begin) {
  const auto given = std::ranges::find_if(line.flags, [&](const auto& flag) { return flag.starts_with(begin); });
  if (given == line.flags.end()) return false;
  call.options.emplace(name, given->substr(begin.size()));
  line.flags.erase(given);
  return true;
}

// Takes the command's own flags off the line.
core::Result<> take_options(const Command& command, Line& line, Call& call) {
  for (const auto name : command.options)
    if (const std::string begin = std::string(name) + '='; !take_option(line, call, name, begin))
      return core::fail(core::Code::validation_failed, std::string(command.name) + " needs --" + begin + "…");
  for (const auto name : command.optional) take_option(line, call, name, std::string(name) + '=');
  for (const auto name : command.switches)
    if (std::erase(line.flags, name) > 0) call.options.emplace(name, "");
  return {};
}

core::Result<> execute(const Command& command, Line line) {
  Config config;
  core::Settings settings = declare_all(config);
  Call call{config, settings, line.words};
  TRY(take_options(command, line, call));
  config.file = TRY(load(settings, line.flags));
  core::set_log(config.log.format, config.log.level);
  TRY(check(config));
  return command.run(call);
}

}  // namespace

int run(std::span<char*> arguments) {
  // Of its own the resolver waits for ten seconds and more for servers that do not answer (resolv.conf(5)).
  ::setenv("RES_OPTIONS", "timeout:1 attempts:2", 0);
  const auto commands = all_commands();
  Line line = read(arguments, commands);
  const std::string first = line.words.empty() ? "" : line.words[0];
  const Command* command = match(commands, line.words);
  if (line.help || first == "help") return print_usage(stdout, commands, first), 0;
  if (!command) {
    if (!first.empty()) std::fprintf(stderr, "usher: there is no such command: %s\n", first.c_str());
    return print_usage(stderr, commands, first), 2;
  }
  if (line.words.size() < command->least || line.words.size() > command->most) {
    std::fprintf(stderr, "usage: usher %s %s\n", command->name.data(), command->arguments.data());
    return 2;
  }
  const auto done = execute(*command, std::move(line));
  return done ? 0 : report(done.error());
}

}  // namespace app
