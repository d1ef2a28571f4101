// Ids, clocks, UTF-8, errors, metrics and log lines.
#include <gtest/gtest.h>
#include <unistd.h>

#include <random>
#include <set>
#include <thread>

#include "core/clock.h"
#include "core/id.h"
#include "core/json.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/utf8.h"

namespace core {
namespace {

TEST(Uuid, HasOneForm) {
  const auto text = "0197f0e0-abcd-7000-8000-0000000000ff";
  EXPECT_EQ(Uuid::parse(text)->str(), text);
  for (const auto bad : {"", "0197F0E0-abcd-7000-8000-0000000000ff", "0197f0e0abcd70008000-0000000000ff0000",
                         "0197f0e0-abcd-7000-8000-0000000000f", "0197f0e0-abcd-7000-8000-0000000000fg",
                         "{197f0e0-abcd-7000-8000-0000000000ff", "0197f0e0-abcd-7000-8000-0000000000ff "})
    EXPECT_FALSE(Uuid::parse(bad)) << bad;
}

TEST(Time, Iso8601IsReadAsWritten) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 1000; ++i) {
    const Time time = from_millis(static_cast<int64_t>(random() % 253'402'300'800'000));
    EXPECT_EQ(parse_iso8601(iso8601(time)), time) << iso8601(time);
  }
  EXPECT_EQ(iso8601(from_millis(1'769'860'800'000)), "2026-01-31T12:00:00.000Z");
  EXPECT_EQ(parse_iso8601("2026-01-31T12:00:00Z"), from_millis(1'769'860'800'000));
  EXPECT_EQ(iso8601(from_millis(INT64_MAX)), "9999-12-31T23:59:59.999Z");
  for (const auto bad :
       {"", "2026-02-30T12:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T12:60:00Z", "2026-01-31 12:00:00Z",
        "2026-01-31T12:00:00+00:00", "2026-01-31T12:00:00.0Z", "2026-01-31T12:00:00.000z", "2026-13-01T12:00:00Z",
        "-026-01-31T12:00:00Z", "2026-01-31T12:00:60Z"})
    EXPECT_FALSE(parse_iso8601(bad)) << bad;
}

TEST(Clock, TheFakeOneMovesBothHandsOrOne) {
  FakeClock clock;
  const auto now = clock.now();
  const auto boot = clock.boot();
  clock.advance(Millis(5));
  clock.jump(Millis(100));
  EXPECT_EQ(clock.now() - now, Millis(105));
  EXPECT_EQ(clock.boot() - boot, Millis(5));
  EXPECT_GT(to_millis(SystemClock().now()), 1'700'000'000'000);
  EXPECT_GT(SystemClock().boot().count(), 0);
}

TEST(Utf8, AcceptsExactlyItsShortestForms) {
  for (const std::string good : {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                                 "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_EQ(count_code_points(good), good.empty() ? 0u : 1u) << good;
  for (const auto bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                         "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc2", "\xe2\x82", "\xe2(\xa1"})
    EXPECT_FALSE(count_code_points(bad));
}

TEST(Utf8, JsonStringsAreReadAsWritten) {
  std::mt19937 random(11);
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (int j = 0; j < 12; ++j) text += static_cast<char>(random() % 4 ? random() % 128 : random());
    std::string json;
    append_json_string(json, text);
    const auto value = parse_json(json);
    ASSERT_TRUE(value) << json;
    if (count_code_points(text)) EXPECT_EQ(std::string_view(value->get_string()), text);
  }
  std::string json;
  append_json_string(json, "\"\\\n\x1b\u2028<\xff>");
  EXPECT_EQ(json, "\"\\\"\\\\\\n\\u001b\\u2028<\xEF\xBF\xBD>\"");
}

TEST(Errors, HaveOneRowEach) {
  std::set<std::string_view> names;
  for (const auto& row : error_rows()) {
    EXPECT_TRUE(names.insert(row.name).second);
    EXPECT_EQ(&core::row(row.code), &row);
    EXPECT_TRUE(row.status >= 400 && row.status < 600) << row.name;
    EXPECT_TRUE(row.title.ends_with('.') && row.doc.ends_with('.')) << row.name;
  }
}

TEST(Metrics, CountFromManyThreads) {
  Metrics metrics;
  auto& counter = metrics.counter("usher_things_total", "Things.", "kind=\"a\"");
  auto& histogram = metrics.histogram("usher_seconds", "Time.");
  metrics.gauge("usher_open", "Open.", [] { return 2.5; });
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) counter.add(), histogram.observe(0.0002);
    });
  for (auto& thread : threads) thread.join();
  histogram.observe(99);
  const auto text = metrics.render();
  for (const auto line : {"# TYPE usher_things_total counter\nusher_things_total{kind=\"a\"} 6000\n",
                          "# TYPE usher_open gauge\nusher_open 2.5\n",
                          "usher_seconds_bucket{le=\"0.0001\"} 0\nusher_seconds_bucket{le=\"0.00025\"} 6000\n",
                          "usher_seconds_bucket{le=\"10\"} 6000\n", "usher_seconds_bucket{le=\"+Inf\"} 6001\n",
                          "usher_seconds_count 6001\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
}

// What log() writes to standard error while `write` runs.
template <class F>
std::string captured(F write) {
  testing::internal::CaptureStderr();
  write();
  return testing::internal::GetCapturedStderr();
}

TEST(Log, ALineIsOneEvent) {
  set_log(LogFormat::json, Level::info);
  const auto line = captured([] {
    log(Level::warn, "it \"happened\"", {{"who", "a\nb\",\"level\":\"error"}, {"count", 3}, {"bytes", "\xff"}});
  });
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  const auto value = parse_json(std::string_view(line).substr(0, line.size() - 1));
  ASSERT_TRUE(value) << line;
  EXPECT_EQ(value->at("level").as_string(), "warn");
  EXPECT_EQ(value->at("event").as_string(), "it \"happened\"");
  EXPECT_EQ(value->at("who").as_string(), "a\nb\",\"level\":\"error");
  EXPECT_EQ(value->at("count").as_int64(), 3);
}

TEST(Log, TextLinesCannotBeForged) {
  set_log(LogFormat::text, Level::info);
  const auto line = captured([] { log(Level::info, "seen", {{"name", "x\n12:00:00 error forged\x1b[2J"}}); });
  set_log(LogFormat::automatic, Level::info);
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
}

TEST(Log, LesserLevelsAreSilent) {
  set_log(LogFormat::json, Level::error);
  EXPECT_EQ(captured([] { log(Level::warn, "quiet"); }), "");
  EXPECT_TRUE(logs(Level::error));
  set_log(LogFormat::automatic, Level::info);
}

}  // namespace
}  // namespace core
