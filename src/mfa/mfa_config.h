// Owns: the settings of second factors.
#pragma once
#include "core/settings.h"

namespace mfa {

// What a sign-in by password asks for besides, from the mildest on.
enum class Policy {
  off,                // what there is is asked for; authenticator apps cannot be added
  optional,           // an app is asked for of who has added one
  required,           // who has nothing to be asked for adds it before he is signed in
  phishing_resistant  // a passkey, and nothing else
};
constexpr std::array<core::Name<Policy>, 4> names_of(Policy) {
  using enum Policy;
  return {{{off, "off"}, {optional, "optional"}, {required, "required"}, {phishing_resistant, "phishing_resistant"}}};
}

struct Config {
  std::string issuer = "Usher";
  core::Seconds challenge_life = std::chrono::minutes(5);
  Policy policy = Policy::optional;
  std::vector<std::string> required_roles, phishing_resistant_roles;
};

inline void declare(core::Settings& settings, Config& config) {
  settings.add("mfa.policy", config.policy,
               "What a sign-in by password asks for besides: an app of who added one (optional; off: no more can be "
               "added), an app or a passkey of everybody (required), a passkey of everybody (phishing_resistant). Who "
               "has none adds it before he is signed in; sessions that exist go on until usher session "
               "revoke-unproved, or until a role is given to their user or taken away.");
  settings.add("mfa.required_roles", config.required_roles,
               "Roles whose holders, and those of roles that inherit them, are asked as by mfa.policy=required.");
  settings.add(
      "mfa.phishing_resistant_roles", config.phishing_resistant_roles,
      "Roles whose holders, and those of roles that inherit them, are asked as by mfa.policy=phishing_resistant.");
  settings.add("mfa.issuer", config.issuer, "What authenticator apps call this service.", {.min = 1, .max = 64});
  settings.add("mfa.challenge_life", config.challenge_life, "How long the second step of a sign-in may take.",
               {.min = 60, .max = 900});
}

}  // namespace mfa
