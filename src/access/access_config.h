// Owns: the settings of access.
#pragma once
#include "core/settings.h"

namespace roles {

struct Config {
  core::Seconds cache_ttl = std::chrono::minutes(15);
};

inline void declare(core::Settings& settings, Config& config) {
  settings.add("access.cache_ttl", config.cache_ttl,
               "The longest that roles are held in memory; a change is seen at once all the same.", {.min = 1});
}

}  // namespace roles
