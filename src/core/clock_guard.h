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
  explicit ClockGuard(const Clock& clock) : clock_(clock), offset_(offset()) {}
  bool jumped() const { return std::chrono::abs(offset() - offset_) > tolerance; }
  static constexpr Seconds tolerance{30};

 private:
  Millis offset() const { return clock_.now().time_since_epoch() - clock_.boot(); }
  const Clock& clock_;
  const Millis offset_;
};

}  // namespace core
