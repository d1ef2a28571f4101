// Owns: the settings of one-time codes.
#pragma once
#include "core/settings.h"
#include "verification/code.h"

namespace verification {

struct Config {
  core::Seconds code_life = std::chrono::minutes(10);
  core::Seconds cool_down{60};
  int64_t tries = 5;

  // `limited`: limits.enabled.
  Rules rules(bool limited) const {
    return {.life = code_life, .cool_down = limited ? cool_down : core::Seconds(0), .tries = tries};
  }
};

// The upper bounds are those of OWASP ASVS 5.0, 6.5.5 and 6.6.3.
inline void declare(core::Settings& settings, Config& config) {
  settings.add("verification.code_life", config.code_life, "How long a code from a mail can be used.",
               {.min = 60, .max = 600});
  settings.add("verification.cool_down", config.cool_down,
               "The shortest time between two codes for one account and purpose; it doubles with each code after the "
               "third that nobody used, up to an hour. The first three for a sign-in or a step-up do not wait.",
               {.min = 1, .max = 600});
  settings.add("verification.tries", config.tries, "How often a code may be tried.", {.min = 3, .max = 10});
}

}  // namespace verification
