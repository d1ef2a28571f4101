// Owns: sessions::Copies over Redis, shared by all nodes: usher:{sessions}:ID holds what copies.cc writes.
#pragma once
#include "cache/redis_config.h"
#include "sessions/copies.h"

namespace sessions {

// They expire after `life`. A call waits 50 ms for its turn and again for its answer; writing them, and
// connecting, are the work of threads. After a failure Redis is left alone for half a second or more.
std::unique_ptr<Copies> create_redis_copies(const cache::Address& address, const cache::Config& config,
                                            crypto::HmacKey key, core::Seconds life);

}  // namespace sessions
