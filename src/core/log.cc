#include "core/log.h"

#include <unistd.h>

#include <array>
#include <atomic>

#include "core/clock.h"
#include "core/fields.h"

namespace core {
namespace {

std::atomic<Level> least_level{Level::info};
std::atomic<bool> as_json{true};
constexpr std::array<std::string_view, 4> level_names{"debug", "info", "warn", "error"};

void append_value(std::string& out, const LogField& field) {
  if (const auto* text = std::get_if<std::string_view>(&field.value)) append_json_string(out, *text);
  else if (const auto* number = std::get_if<int64_t>(&field.value)) out += std::to_string(*number);
  else out += std::to_string(std::get<double>(field.value));
}

std::string json_line(Level level, std::string_view event, std::initializer_list<LogField> fields) {
  std::string line = "{\"time\":\"" + iso8601(SystemClock().now()) + "\",\"level\":\"";
  line += level_names[static_cast<size_t>(level)];
  line += "\",\"event\":";
  append_json_string(line, event);
  for (const auto& field : fields) {
    line += ',';
    append_json_string(line, field.key);
    line += ':';
    append_value(line, field);
  }
  return line + "}\n";
}

std::string text_line(Level level, std::string_view event, std::initializer_list<LogField> fields) {
  std::string line = iso8601(SystemClock().now()).substr(11, 12);
  line += ' ';
  line += level_names[static_cast<size_t>(level)];
  line += ' ';
  line += event;
  for (const auto& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    append_value(line, field);
  }
  return line + '\n';
}

}  // namespace

void set_log(LogFormat format, Level least) {
  least_level = least;
  as_json = format == LogFormat::json || (format == LogFormat::automatic && !isatty(STDERR_FILENO));
}

bool logs(Level level) { return level >= least_level; }

void log(Level level, std::string_view event, std::initializer_list<LogField> fields) {
  if (!logs(level)) return;
  const std::string line = as_json ? json_line(level, event, fields) : text_line(level, event, fields);
  // A log that cannot be written must not stop the server.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace core
