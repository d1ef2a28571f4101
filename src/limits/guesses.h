// Owns: what wrong passwords cost an account, as a rule without I/O.
// Does not own: the rows (guess_store.h), what a right password does (login/, passwords/).
// Thread rule: pure functions on values.
#pragma once
#include <algorithm>

#include "core/clock.h"

namespace limits {

// Of one account, whatever node, address, endpoint or spelling they came by.
struct Guesses {
  int64_t failures = 0;  // in a row
  core::Time last_at;    // of the last of them
  bool operator==(const Guesses&) const = default;
};

struct GuessRules {
  int64_t free = 20;                // failures that cost nothing
  core::Millis first_wait{30'000};  // after the last of these; each further one doubles it
  core::Millis longest_wait{3'600'000};
  int64_t lock_at = 100;                          // NIST SP 800-63B: no more failures than that in a row
  core::Millis forgotten{std::chrono::days(30)};  // after that long without one they begin anew
};

// Until they are forgotten only a new password, proved by mail, opens it again.
inline bool locked(const Guesses& guesses, const GuessRules& rules) { return guesses.failures >= rules.lock_at; }

// How long the next guess has to wait; zero when it may come now. Of a clock that went back it waits no longer.
inline core::Millis wait(const Guesses& guesses, const GuessRules& rules, core::Time now) {
  if (guesses.failures < rules.free) return {};
  const int64_t doublings = std::min<int64_t>(guesses.failures - rules.free, 30);
  const core::Millis whole = locked(guesses, rules)
                                 ? rules.forgotten
                                 : std::min(rules.first_wait * (int64_t{1} << doublings), rules.longest_wait);
  return std::clamp(guesses.last_at + whole - now, core::Millis(0), whole);
}

inline Guesses after_failure(const Guesses& guesses, const GuessRules& rules, core::Time now) {
  return {guesses.last_at + rules.forgotten <= now ? 1 : guesses.failures + 1, now};
}

}  // namespace limits
