// Owns: the settings of the record of events.
#pragma once
#include "core/settings.h"

namespace audit {

struct Config {
  core::Seconds retention{0};
};

inline void declare(core::Settings& settings, Config& config) {
  settings.add("audit.retention", config.retention,
               "How long events are kept, once they are sealed; 0 keeps them for ever. What is left can still be "
               "verified.",
               {.min = 0});
}

}  // namespace audit
