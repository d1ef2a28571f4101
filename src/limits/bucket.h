// Owns: a token bucket as one point in time (the generic cell rate algorithm), without I/O.
// Does not own: where that point is kept (counters.h).
// Thread rule: pure functions on values.
#pragma once
#include <algorithm>
#include <cstdint>

#include "core/clock.h"

namespace limits {

using Micros = std::chrono::microseconds;

// `size` may come at once, and as many in each window for ever; size is positive.
struct BucketRule {
  int64_t size = 0;
  Micros window = std::chrono::minutes(1);
  // Rounded up, so that never more pass.
  Micros each() const { return (window + Micros(size - 1)) / size; }
};

struct Taken {
  bool allowed = true;
  Micros full_in{};  // how long until the bucket is full again
};

inline int64_t left(const Taken& taken, const BucketRule& rule) {
  return std::max<int64_t>(0, rule.size - (taken.full_in + rule.each() - Micros(1)) / rule.each());
}
// How long a refused one has to wait for the next.
inline Micros next_in(const Taken& taken, const BucketRule& rule) {
  return taken.full_in - rule.each() * (rule.size - 1);
}

// Takes one out of the bucket that is full at `full_at`, if there is one. redis_counters.cc has the same in Lua.
inline Taken take(Micros& full_at, Micros now, const BucketRule& rule) {
  const Micros full = std::max(full_at, now) + rule.each();
  // A size that does not divide the window still holds all of them.
  if (full - now > rule.each() * rule.size) return {false, full - rule.each() - now};
  full_at = full;
  return {true, full - now};
}

}  // namespace limits
