// Owns: a token bucket as one point in time (the generic cell rate algorithm), without I/O.
// Does not own: where that point is kept (counters.h).
// Thread rule: pure functions on values.
#pragma once
#include <cstdint>

#include "core/clock.h"

namespace limits {

using Micros = std::chrono::microseconds;

// `size` may come at once, and as many in each window for ever; size is positive.
struct BucketRule {
  int64_t size = 0;
  Micros window = std::chrono::minutes(1);
  Micros each() const { return window / size; }
};

struct Taken {
  bool allowed = true;
  Micros full_in{};  // how long until the bucket is full again
};

inline int64_t left(const Taken& taken, const BucketRule& rule) {
  return std::max<int64_t>(0, (rule.window - taken.full_in) / rule.each());
}
// How long a refused one has to wait for the next.
inline Micros next_in(const Taken& taken, const BucketRule& rule) { return taken.full_in + rule.each() - rule.window; }

// Takes one out of the bucket that is full at `full_at`, if there is one. cache/ has the same in Lua.
inline Taken take(Micros& full_at, Micros now, const BucketRule& rule) {
  const Micros full = std::max(full_at, now) + rule.each();
  // A window that is no multiple of the size still holds all of them.
  if (full - now > rule.window) return {false, full - rule.each() - now};
  full_at = full;
  return {true, full - now};
}

}  // namespace limits
