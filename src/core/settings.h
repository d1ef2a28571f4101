// Owns: the declaration of settings: each is said once, in a feature's x_config.h.
// Does not own: where values come from (app/config.cc: file, environment, flags).
// Thread rule: built and filled before any thread starts; then read only.
//
//   void declare(core::Settings& settings, Config& config) {
//     settings.add("sessions.idle_timeout", config.idle_timeout, "A session unused for this long ends.", {.min = 60});
//   }
#pragma once
#include <functional>
#include <map>

#include "core/fields.h"

namespace core {

// Bounds count seconds for durations and each of a list of them, characters for text, items for lists and units for
// numbers.
struct SettingRule {
  int64_t min = 0, max = INT64_MAX;
  std::vector<std::string_view> also_from = {};  // further environment variables
};

struct SettingRow {
  std::string name, doc, type, default_text;
  bool secret = false;
  SettingRule rule;
  bool changed = false;  // another value than the default was given
  std::function<Result<>(std::string_view)> set;
  std::function<std::string()> show;  // a secret shows as "(set)" or ""

  // USHER_SESSIONS_IDLE_TIMEOUT for sessions.idle_timeout.
  std::string environment_name() const;
};

// How a type is read and shown; specialise it for a new one.
template <class T>
struct SettingType;

Result<> check_bounds(int64_t value, const SettingRule& rule, std::string_view unit);
// "90", "90s", "15m", "12h", "30d"; absent when it is none of them.
std::optional<Seconds> parse_duration(std::string_view text);
std::string show_duration(Seconds value);

template <>
struct SettingType<std::string> {
  static constexpr std::string_view name = "text";
  static constexpr bool secret = false;
  static Result<> parse(std::string_view text, const SettingRule& rule, std::string& out);
  static std::string show(const std::string& value) { return value; }
};
template <>
struct SettingType<int64_t> {
  static constexpr std::string_view name = "number";
  static constexpr bool secret = false;
  static Result<> parse(std::string_view text, const SettingRule& rule, int64_t& out);
  static std::string show(int64_t value) { return std::to_string(value); }
};
template <>
struct SettingType<bool> {
  static constexpr std::string_view name = "true or false";
  static constexpr bool secret = false;
  static Result<> parse(std::string_view text, const SettingRule& rule, bool& out);
  static std::string show(bool value) { return value ? "true" : "false"; }
};
template <>
struct SettingType<Seconds> {
  static constexpr std::string_view name = "duration";
  static constexpr bool secret = false;
  static Result<> parse(std::string_view text, const SettingRule& rule, Seconds& out);
  static std::string show(Seconds value) { return show_duration(value); }
};
template <>
struct SettingType<std::vector<std::string>> {
  static constexpr std::string_view name = "list, comma separated";
  static constexpr bool secret = false;
  static Result<> parse(std::string_view text, const SettingRule& rule, std::vector<std::string>& out);
  static std::string show(const std::vector<std::string>& value);
};
using NamedDurations = std::map<std::string, Seconds, std::less<>>;
template <>
struct SettingType<NamedDurations> {
  static constexpr std::string_view name = "list of name=duration, comma separated";
  static constexpr bool secret = false;
  static Result<> parse(std::string_view text, const SettingRule& rule, NamedDurations& out);
  static std::string show(const NamedDurations& value);
};
template <Named E>
struct SettingType<E> {
  static constexpr std::string_view name = "choice";
  static constexpr bool secret = false;
  static Result<> parse(std::string_view text, const SettingRule&, E& out) {
    const auto value = from_text<E>(text);
    if (value) return out = *value, Result<>{};
    std::string all;
    for (const auto& choice : names_of(E{})) all += (all.empty() ? "" : ", ") + std::string(choice.text);
    return fail(Code::validation_failed, "must be one of " + all);
  }
  static std::string show(E value) { return std::string(to_text(value)); }
};

class Settings {
 public:
  template <class T>
  void add(std::string name, T& value, std::string doc, SettingRule rule = {}) {
    SettingRow row{.name = std::move(name),
                   .doc = std::move(doc),
                   .type = std::string(SettingType<T>::name),
                   .default_text = SettingType<T>::show(value),
                   .secret = SettingType<T>::secret,
                   .rule = rule};
    row.set = [&value, rule](std::string_view text) { return SettingType<T>::parse(text, rule, value); };
    row.show = [&value] { return SettingType<T>::show(value); };
    rows_.push_back(std::move(row));
  }
  std::vector<SettingRow>& rows() { return rows_; }
  // Absent when no setting has that name.
  SettingRow* find(std::string_view name);
  // The declared name nearest to a misspelt one; empty when none is near.
  std::string nearest(std::string_view name) const;

 private:
  std::vector<SettingRow> rows_;
};

}  // namespace core
