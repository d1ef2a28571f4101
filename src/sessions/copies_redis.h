// Owns: sessions::Copies over Redis, shared by all nodes: usher:{sessions:N}:ID, N from 0 to 3 by the last byte of the
// session's id, so that a cluster spreads them and what is asked for together lies together.
#pragma once
#include "cache/redis_config.h"
#include "sessions/copies.h"

namespace sessions {

// They expire after `life`. A call waits 50 ms for its turn and again for its answer; connecting is the work of a
// thread for each N. After a failure Redis is left alone for half a second or more.
std::unique_ptr<Copies> create_redis_copies(const cache::Address& address, const cache::Config& config,
                                            crypto::HmacKey key, core::Seconds life);

}  // namespace sessions
