// Owns: the settings of second factors.
#pragma once
#include "core/settings.h"

namespace mfa {

enum class Policy { off, optional, required };
constexpr std::array<core::Name<Policy>, 3> names_of(Policy) {
  return {{{Policy::off, "off"}, {Policy::optional, "optional"}, {Policy::required, "required"}}};
}

struct Config {
  Policy policy = Policy::optional;
  std::vector<std::string> required_roles;
  std::string issuer = "Usher";
  core::Seconds challenge_life = std::chrono::minutes(5);
  core::Seconds step_up_life = std::chrono::minutes(10);
};

inline void declare(core::Settings& settings, Config& config) {
  settings.add("mfa.policy", config.policy,
               "Whether users may have a second factor (optional), must have one (required), or are asked for none (off).");
  settings.add("mfa.required_roles", config.required_roles,
               "Roles whose holders must have one although mfa.policy is optional.");
  settings.add("mfa.issuer", config.issuer, "What authenticator apps call this service.", {.min = 1, .max = 64});
  settings.add("mfa.challenge_life", config.challenge_life, "How long the second step of a sign-in may take.",
               {.min = 60, .max = 900});
  settings.add("mfa.step_up_life", config.step_up_life,
               "How long after proving who he is a user may do what needs a recent proof.", {.min = 60, .max = 86'400});
}

}  // namespace mfa
