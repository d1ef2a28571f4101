// Owns: what time it is, on the wall and since boot.
// Does not own: timers (http) or the database's clock (SQL function usher_now()).
// Thread rule: every Clock is safe to call from any thread.
#pragma once
#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace core {

using Millis = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;
// Wall time, UTC, in milliseconds: what is stored and shown.
using Time = std::chrono::sys_time<Millis>;

inline int64_t to_millis(Time time) { return time.time_since_epoch().count(); }
inline Time from_millis(int64_t ms) { return Time(Millis(ms)); }

// "2026-01-31T12:00:00.000Z"; a time beyond year 9999 is shown as its last millisecond.
std::string iso8601(Time time);
// Exactly the form above, the fraction optional; anything else is absent.
std::optional<Time> parse_iso8601(std::string_view text);

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
  // Since boot, running during suspend: for freshness and time-outs, never stored.
  virtual Millis boot() const = 0;
};

class SystemClock final : public Clock {
 public:
  Time now() const override;
  Millis boot() const override;
};

// Both hands are moved by the test.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(Time start = from_millis(1'800'000'000'000)) : now_(to_millis(start)) {}
  Time now() const override { return from_millis(now_); }
  Millis boot() const override { return Millis(boot_); }
  void advance(Millis by) {
    now_ += by.count();
    boot_ += by.count();
  }
  // The wall clock is set; time since boot does not follow.
  void jump(Millis by) { now_ += by.count(); }

 private:
  std::atomic<int64_t> now_, boot_{1'000'000};
};

}  // namespace core
