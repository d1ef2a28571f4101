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
  // Whose clock the database goes by: this machine's, or another's that this one is compared with.
  enum class DatabaseClock { same, another };

  explicit ClockGuard(const Clock& clock, DatabaseClock database = DatabaseClock::another)
      : clock_(clock), database_(database), offset_(offset(clock.now(), clock.boot())), compared_(offset_) {}
  bool jumped() const { return jumped(clock_.now(), clock_.boot()); }
  // For two readings that were taken together.
  bool jumped(Time now, Millis boot) const { return std::chrono::abs(offset(now, boot) - offset_) > tolerance; }
  // What was found when the database was last asked for its time.
  void compare(Time database_now) {
    const Time now = clock_.now();
    skewed_ = std::chrono::abs(database_now - now) > tolerance;
    compared_ = offset(now, clock_.boot());
  }
  // A node whose clock differs from the database's decides nothing that depends on time: clock_skew.
  bool skewed() const { return skewed_.load(std::memory_order_relaxed); }
  // The same, or not known, because the clock was set since it was last compared: nothing may begin by it.
  bool doubtful() const {
    if (database_ == DatabaseClock::same) return skewed();
    return skewed() || std::chrono::abs(offset(clock_.now(), clock_.boot()) - compared_.load()) > tolerance;
  }
  static constexpr Seconds tolerance{30};

 private:
  static Millis offset(Time now, Millis boot) { return now.time_since_epoch() - boot; }

  const Clock& clock_;
  const DatabaseClock database_;
  const Millis offset_;
  std::atomic<Millis> compared_;
  std::atomic<bool> skewed_{false};
};

}  // namespace core
