#include "core/settings.h"

#include <gtest/gtest.h>

namespace core {
namespace {

enum class Mode { fast, safe };
constexpr std::array<Name<Mode>, 2> names_of(Mode) { return {{{Mode::fast, "fast"}, {Mode::safe, "safe"}}}; }

struct Sample {
  std::string text = "x";
  int64_t number = 5;
  bool flag = true;
  Seconds time{90};
  std::vector<std::string> list;
  NamedDurations times;
  Mode mode = Mode::fast;
  Settings settings;
  Sample() {
    settings.add("a.text", text, "Text.", {.min = 1, .max = 3});
    settings.add("a.number", number, "Number.", {.min = 1, .max = 10});
    settings.add("a.flag", flag, "Flag.");
    settings.add("a.idle_timeout", time, "Time.", {.min = 60, .max = 3600});
    settings.add("a.list", list, "List.", {.max = 2});
    settings.add("a.times", times, "Times.", {.min = 60});
    settings.add("a.mode", mode, "Mode.");
  }
  bool set(std::string_view name, std::string_view value) { return settings.find(name)->set(value).has_value(); }
};

TEST(Settings, AreNamedAfterTheirKey) {
  Sample sample;
  EXPECT_EQ(sample.settings.find("a.idle_timeout")->environment_name(), "USHER_A_IDLE_TIMEOUT");
  EXPECT_EQ(sample.settings.find("a.idle_timeout")->default_text, "90s");
  EXPECT_EQ(sample.settings.find("a.nothing"), nullptr);
  EXPECT_EQ(sample.settings.nearest("a.idel_timeout"), "a.idle_timeout");
  EXPECT_EQ(sample.settings.nearest("completely.different"), "");
}

TEST(Settings, TakeValuesWithinTheirBounds) {
  struct Case {
    const char *name, *value;
    bool taken;
    const char* shown;
  };
  for (const auto& [name, value, taken, shown] :
       std::initializer_list<Case>{{"a.text", "abc", true, "abc"},
                                   {"a.text", "", false, "x"},
                                   {"a.text", "abcd", false, "x"},
                                   {"a.number", "10", true, "10"},
                                   {"a.number", "0", false, "5"},
                                   {"a.number", "11", false, "5"},
                                   {"a.number", "1x", false, "5"},
                                   {"a.number", "", false, "5"},
                                   {"a.number", "99999999999999999999", false, "5"},
                                   {"a.flag", "false", true, "false"},
                                   {"a.flag", "no", false, "true"},
                                   {"a.idle_timeout", "15m", true, "15m"},
                                   {"a.idle_timeout", "1h", true, "1h"},
                                   {"a.idle_timeout", "59s", false, "90s"},
                                   {"a.idle_timeout", "2h", false, "90s"},
                                   {"a.list", "a, b", true, "a,b"},
                                   {"a.list", "", true, ""},
                                   {"a.list", "a,b,c", false, ""},
                                   {"a.times", "b=15m, a=1h", true, "a=1h,b=15m"},
                                   {"a.times", "", true, ""},
                                   {"a.times", "a", false, ""},
                                   {"a.times", "=1h", false, ""},
                                   {"a.times", "a=", false, ""},
                                   {"a.times", "a=59s", false, ""},
                                   {"a.times", "a=1h,a=2h", false, ""},
                                   {"a.mode", "safe", true, "safe"},
                                   {"a.mode", "SAFE", false, "fast"}}) {
    Sample sample;
    EXPECT_EQ(sample.set(name, value), taken) << name << ' ' << value;
    EXPECT_EQ(sample.settings.find(name)->show(), shown) << name << ' ' << value;
  }
}

TEST(Settings, DurationsHaveUnits) {
  for (const auto& [text, seconds] : std::initializer_list<std::pair<const char*, int64_t>>{
           {"0", 0}, {"90", 90}, {"90s", 90}, {"15m", 900}, {"12h", 43'200}, {"30d", 2'592'000}})
    EXPECT_EQ(parse_duration(text), Seconds(seconds)) << text;
  for (const auto text : {"", "s", "-1", "1.5h", "1w", "1 h", "h1", "99999999999d", "9223372036854775807d"})
    EXPECT_FALSE(parse_duration(text)) << text;
  EXPECT_EQ(show_duration(Seconds(604'800)), "7d");
  EXPECT_EQ(show_duration(Seconds(0)), "0s");
}

}  // namespace
}  // namespace core
