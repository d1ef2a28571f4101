// Owns: the settings of what users do with their own account.
#pragma once
#include "core/settings.h"

namespace self {

struct Config {
  core::Seconds deletion_grace = std::chrono::days(14);
};

inline void declare(core::Settings& settings, Config& config) {
  settings.add("accounts.deletion_grace", config.deletion_grace,
               "How long a user may take back that his account is to be deleted; 0s: it is deleted at once.",
               {.min = 0, .max = 7'776'000});
}

}  // namespace self
