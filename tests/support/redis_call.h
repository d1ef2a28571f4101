// A command to the Redis of a test, on a connection of its own.
#pragma once
#include "cache/connection.h"
#include "cache/redis_config.h"

namespace test {

inline core::Result<cache::Reply> redis(const cache::Config& config, std::initializer_list<std::string_view> words) {
  constexpr core::Millis limit{2000};
  const auto address = config.address().value();
  return cache::Connection::open(address.endpoints[0], address, "", limit).value()->call(words, limit);
}

}  // namespace test
