// Owns: noticing that the wall clock was set while the process ran, or differs from the database's.
// Does not own: what then is suspended (sessions' expiry) or refused.
// Thread rule: any thread.
#pragma once
#include "core/clock.h"

namespace core {

// Wall time and time since boot advance together; when they part by more than the tolerance, the wall clock was set and
// says nothing about how long a session was idle, until both agree again or the process starts anew.
class ClockGuard {
 public:
  explicit ClockGuard(const Clock& clock) : clock_(clock), offset_(clock.now().time_since_epoch() - clock.boot()) {}
  bool jumped() const { return jumped(clock_.now(), clock_.boot()); }
  // For two readings that were taken together.
  bool jumped(Time now, Millis boot) const {
    return std::chrono::abs(now.time_since_epoch() - boot - offset_) > tolerance;
  }
  // What was found when the database was last asked for its time.
  void compare(Time database_now) { skewed_ = std::chrono::abs(database_now - clock_.now()) > tolerance; }
  // A node whose clock differs from the database's decides nothing that depends on time: clock_skew.
  bool skewed() const { return skewed_.load(std::memory_order_relaxed); }
  static constexpr Seconds tolerance{30};

 private:
  const Clock& clock_;
  const Millis offset_;
  std::atomic<bool> skewed_{false};
};

}  // namespace core
