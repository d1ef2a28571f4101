#include "core/clock.h"

#include <time.h>

#include <algorithm>
#include <cstdio>

namespace core {
namespace {

Millis read(clockid_t id) {
  timespec ts;
  clock_gettime(id, &ts);
  return Millis(int64_t{ts.tv_sec} * 1000 + ts.tv_nsec / 1'000'000);
}

constexpr int64_t last_shown = 253'402'300'799'999;  // 9999-12-31T23:59:59.999Z

// Reads `digits` decimal digits at `at`; -1 when one is not a digit.
int number_at(std::string_view text, size_t at, size_t digits) {
  int value = 0;
  for (size_t i = at; i < at + digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

}  // namespace

Time SystemClock::now() const { return Time(read(CLOCK_REALTIME)); }
Millis SystemClock::boot() const { return read(CLOCK_BOOTTIME); }

std::string iso8601(Time time) {
  using namespace std::chrono;
  time = from_millis(std::clamp<int64_t>(to_millis(time), 0, last_shown));
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  char text[32];
  const int size =
      std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                    static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return {text, static_cast<size_t>(size)};
}

std::optional<Time> parse_iso8601(std::string_view text) {
  using namespace std::chrono;
  const bool fraction = text.size() == 24 && text[19] == '.';
  if (!(fraction || text.size() == 20) || text.back() != 'Z') return std::nullopt;
  if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':') return std::nullopt;
  const int y = number_at(text, 0, 4), mo = number_at(text, 5, 2), d = number_at(text, 8, 2);
  const int h = number_at(text, 11, 2), mi = number_at(text, 14, 2), s = number_at(text, 17, 2);
  const int ms = fraction ? number_at(text, 20, 3) : 0;
  if (std::min({y, mo, d, h, mi, s, ms}) < 0 || h > 23 || mi > 59 || s > 59) return std::nullopt;
  const year_month_day date{year(y), month(static_cast<unsigned>(mo)), day(static_cast<unsigned>(d))};
  if (!date.ok()) return std::nullopt;
  return Time(sys_days(date)) + hours(h) + minutes(mi) + seconds(s) + Millis(ms);
}

}  // namespace core
