// Owns: noticing that the wall clock was set while the process ran.
// Does not own: what then is suspended (sessions' expiry).
// Thread rule: any thread.
#pragma once
#include "core/clock.h"

namespace core {

// Wall time and time since boot advance together; when they part by more than the tolerance, the wall clock was set and says
// nothing about how long a session was idle, until both agree again or the process starts anew.
class ClockGuard {
 public:
  explicit ClockGuard(const Clock& clock) : clock_(clock), offset_(clock.now().time_since_epoch() - clock.boot()) {}
  bool jumped() const { return jumped(clock_.now(), clock_.boot()); }
  // For two readings that were taken together.
  bool jumped(Time now, Millis boot) const { return std::chrono::abs(now.time_since_epoch() - boot - offset_) > tolerance; }
  static constexpr Seconds tolerance{30};

 private:
  const Clock& clock_;
  const Millis offset_;
};

}  // namespace core
