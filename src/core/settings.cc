#include "core/settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>

namespace core {
namespace {

std::optional<int64_t> parse_number(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty() ? std::optional(value)
                                                                                   : std::nullopt;
}

struct Unit {
  char letter;
  int64_t seconds;
};
constexpr std::array<Unit, 4> units{{{'d', 86'400}, {'h', 3'600}, {'m', 60}, {'s', 1}}};

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row.back();
}

}  // namespace

std::string SettingRow::environment_name() const {
  std::string out = "USHER_" + name;
  for (char& c : out) c = c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

Result<> check_bounds(int64_t value, const SettingRule& rule, std::string_view unit) {
  if (value >= rule.min && value <= rule.max) return {};
  std::string sentence = "must be at least " + std::to_string(rule.min);
  if (rule.max != INT64_MAX) sentence += " and at most " + std::to_string(rule.max);
  return fail(Code::validation_failed, sentence + std::string(unit));
}

std::optional<Seconds> parse_duration(std::string_view text) {
  int64_t scale = 1;
  for (const Unit& unit : units)
    if (!text.empty() && text.back() == unit.letter) {
      scale = unit.seconds;
      text.remove_suffix(1);
      break;
    }
  const auto number = parse_number(text);
  if (!number || *number < 0 || *number > 10'000'000'000 / scale) return std::nullopt;
  return Seconds(*number * scale);
}

std::string show_duration(Seconds value) {
  for (const Unit& unit : units)
    if (value.count() && value.count() % unit.seconds == 0)
      return std::to_string(value.count() / unit.seconds) + unit.letter;
  return "0s";
}

Result<> SettingType<std::string>::parse(std::string_view text, const SettingRule& rule, std::string& out) {
  TRY(check_bounds(static_cast<int64_t>(text.size()), rule, " characters"));
  out = text;
  return {};
}

Result<> SettingType<int64_t>::parse(std::string_view text, const SettingRule& rule, int64_t& out) {
  const auto number = parse_number(text);
  if (!number) return fail(Code::validation_failed, "must be a whole number");
  TRY(check_bounds(*number, rule, ""));
  out = *number;
  return {};
}

Result<> SettingType<bool>::parse(std::string_view text, const SettingRule&, bool& out) {
  if (text != "true" && text != "false") return fail(Code::validation_failed, "must be true or false");
  out = text == "true";
  return {};
}

Result<> SettingType<Seconds>::parse(std::string_view text, const SettingRule& rule, Seconds& out) {
  const auto duration = parse_duration(text);
  if (!duration) return fail(Code::validation_failed, "must be a duration such as 90s, 15m, 12h or 30d");
  TRY(check_bounds(duration->count(), rule, " seconds"));
  out = *duration;
  return {};
}

Result<> SettingType<std::vector<std::string>>::parse(std::string_view text, const SettingRule& rule,
                                                      std::vector<std::string>& out) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    std::string_view item = text.substr(0, comma);
    text = comma == std::string_view::npos ? "" : text.substr(comma + 1);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (!item.empty()) items.emplace_back(item);
  }
  TRY(check_bounds(static_cast<int64_t>(items.size()), rule, " items"));
  out = std::move(items);
  return {};
}

std::string SettingType<std::vector<std::string>>::show(const std::vector<std::string>& value) {
  std::string out;
  for (const auto& item : value) out += (out.empty() ? "" : ",") + item;
  return out;
}

Result<> SettingType<NamedDurations>::parse(std::string_view text, const SettingRule& rule, NamedDurations& out) {
  std::vector<std::string> items;
  TRY(SettingType<std::vector<std::string>>::parse(text, {}, items));
  NamedDurations named;
  for (const std::string_view item : items) {
    const size_t equals = item.find('=');
    if (equals == 0 || equals == std::string_view::npos)
      return fail(Code::validation_failed, "must be a list such as admin=15m,support=12h");
    Seconds value{};
    TRY(SettingType<Seconds>::parse(item.substr(equals + 1), rule, value));
    if (!named.emplace(item.substr(0, equals), value).second)
      return fail(Code::validation_failed, "must name each only once");
  }
  out = std::move(named);
  return {};
}

std::string SettingType<NamedDurations>::show(const NamedDurations& value) {
  std::string out;
  for (const auto& [key, duration] : value) out += (out.empty() ? "" : ",") + key + '=' + show_duration(duration);
  return out;
}

SettingRow* Settings::find(std::string_view name) {
  const auto found = std::ranges::find(rows_, name, &SettingRow::name);
  return found == rows_.end() ? nullptr : &*found;
}

std::string Settings::nearest(std::string_view name) const {
  const auto distance = [&](const SettingRow& row) { return edit_distance(name, row.name); };
  const auto best = std::ranges::min_element(rows_, {}, distance);
  return best != rows_.end() && distance(*best) <= 4 ? best->name : "";
}

}  // namespace core
