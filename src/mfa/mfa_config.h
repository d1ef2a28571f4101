// Owns: the settings of second factors.
#pragma once
#include "core/settings.h"

namespace mfa {

struct Config {
  std::string issuer = "Usher";
  core::Seconds challenge_life = std::chrono::minutes(5);
};

inline void declare(core::Settings& settings, Config& config) {
  settings.add("mfa.issuer", config.issuer, "What authenticator apps call this service.", {.min = 1, .max = 64});
  settings.add("mfa.challenge_life", config.challenge_life, "How long the second step of a sign-in may take.",
               {.min = 60, .max = 900});
}

}  // namespace mfa
