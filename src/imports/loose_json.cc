#include "imports/loose_json.h"

#include <charconv>

#include "core/json.h"

namespace imports {
namespace {

bool take(std::string_view& text, std::string_view any) {
  if (text.empty() || !any.contains(text[0])) return false;
  return text.remove_prefix(1), true;
}

std::optional<int> take_digits(std::string_view& text, size_t count) {
  int value = 0;
  if (text.size() < count || text.substr(0, count).find_first_not_of("0123456789") != text.npos) return std::nullopt;
  std::from_chars(text.data(), text.data() + count, value);
  text.remove_prefix(count);
  return value;
}

// "Z", "+00", "-05:30", "+0200"; nothing is UTC.
std::optional<std::chrono::minutes> take_offset(std::string_view text) {
  if (text.empty() || text == "Z" || text == "z") return std::chrono::minutes(0);
  const int sign = text[0] == '-' ? -1 : 1;
  if (!take(text, "+-")) return std::nullopt;
  const auto hours = take_digits(text, 2);
  take(text, ":");
  const auto minutes = text.empty() ? 0 : take_digits(text, 2);
  if (!hours || !minutes || !text.empty()) return std::nullopt;
  return std::chrono::minutes(sign * (*hours * 60 + *minutes));
}

core::Millis take_fraction(std::string_view& text) {
  int64_t value = 0, weight = 100;
  if (!take(text, ".")) return core::Millis(0);
  for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), weight /= 10)
    value += (text[0] - '0') * weight;
  return core::Millis(value);
}

// What may be JSON as text.
std::optional<boost::json::value> open(const boost::json::value* value) {
  if (!value) return std::nullopt;
  if (!value->is_string()) return *value;
  auto inner = core::parse_json(std::string_view(value->get_string()));
  return inner ? std::optional(std::move(*inner)) : std::nullopt;
}

}  // namespace

const boost::json::value* find(const boost::json::object& object, std::string_view name) {
  return object.if_contains(name);
}

boost::json::object object_at(const boost::json::object& object, std::string_view name) {
  const auto value = open(find(object, name));
  return value && value->is_object() ? value->get_object() : boost::json::object();
}

boost::json::array array_at(const boost::json::object& object, std::string_view name) {
  const auto value = open(find(object, name));
  return value && value->is_array() ? value->get_array() : boost::json::array();
}

std::string text_at(const boost::json::object& object, std::string_view name) {
  const auto* value = find(object, name);
  if (value && value->is_int64()) return std::to_string(value->get_int64());
  return value && value->is_string() ? std::string(std::string_view(value->get_string())) : std::string();
}

bool flag_at(const boost::json::object& object, std::string_view name) {
  const auto* value = find(object, name);
  if (value && value->is_bool()) return value->get_bool();
  const std::string text = text_at(object, name);
  return text == "true" || text == "t" || text == "1";
}

std::optional<core::Time> time_at(const boost::json::object& object, std::string_view name) {
  return parse_time(text_at(object, name));
}

std::optional<core::Time> parse_time(std::string_view text) {
  int64_t millis = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), millis);
  constexpr int64_t year_9999 = 253'402'300'799'999;
  if (error == std::errc() && end == text.data() + text.size())
    return millis >= 0 && millis <= year_9999 ? std::optional(core::from_millis(millis)) : std::nullopt;
  const auto year = take_digits(text, 4);
  if (!year || !take(text, "-")) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || !take(text, "T ")) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || !take(text, ":")) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || !take(text, ":")) return std::nullopt;
  const auto second = take_digits(text, 2);
  const auto fraction = take_fraction(text);
  const auto offset = take_offset(text);
  const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!second || !offset || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return core::Time(std::chrono::sys_days(date)) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second) + fraction - *offset;
}

}  // namespace imports
