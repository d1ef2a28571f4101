// Owns: limits::Counters over Redis, shared by all nodes: usher:{limits}:KEY is the time at which KEY's bucket is full,
// in microseconds of Redis' clock, and expires then.
#pragma once
#include "cache/redis_config.h"
#include "limits/counters.h"

namespace limits {

// A call waits a tenth of a second for its turn and another for its answer; connecting is the work of a thread. After a
// failure Redis is left alone for half a second or more.
std::unique_ptr<Counters> create_redis_counters(const cache::Address& address, const cache::Config& config);

}  // namespace limits
