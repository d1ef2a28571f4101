// Owns: the stream of changes over Redis.
#pragma once
#include <memory>

#include "cache/redis_config.h"
#include "changes/change_stream.h"
#include "crypto/random.h"

namespace changes {

// Connects when it is joined; until then nothing can be published.
std::unique_ptr<Stream> create_redis_stream(const cache::Address& address, const cache::Config& config,
                                            crypto::Random& random);

}  // namespace changes
