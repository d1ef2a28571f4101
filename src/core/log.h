// Owns: log lines: one event a line, JSON (or text on a terminal), on standard error.
// Does not own: what is worth saying. Secrets have no conversion to a log value.
// Thread rule: safe from any thread; a line is written by one write(2).
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace core {

enum class Level { debug, info, warn, error };
enum class LogFormat { automatic, json, text };

struct LogField {
  std::string_view key;
  std::variant<std::string_view, int64_t, double> value;
  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, std::integral auto v) : key(k), value(static_cast<int64_t>(v)) {}
  LogField(std::string_view k, double v) : key(k), value(v) {}
};

// Process-wide, set once at start; `automatic` is text on a terminal, else JSON.
void set_log(LogFormat format, Level least);
bool logs(Level level);
// `event` is a short constant sentence; what varies goes into fields.
void log(Level level, std::string_view event, std::initializer_list<LogField> fields = {});

}  // namespace core
