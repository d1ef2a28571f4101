#include "mfa/policy.h"

#include <algorithm>

#include "sessions/session.h"

namespace mfa {

core::Result<Policy> policy_of(core::Tx& tx, accounts::UserId user, const Config& config, roles::Service& access) {
  if (config.required_roles.empty() && config.phishing_resistant_roles.empty()) return config.policy;
  const auto held = TRY(access.inherited_by(tx, user));
  const auto holds_one_of = [&](const std::vector<std::string>& roles) {
    return std::ranges::any_of(roles, [&](const auto& role) { return std::ranges::find(held, role) != held.end(); });
  };
  if (holds_one_of(config.phishing_resistant_roles)) return Policy::phishing_resistant;
  if (holds_one_of(config.required_roles)) return std::max(config.policy, Policy::required);
  return config.policy;
}

bool satisfies(Policy policy, std::string_view amr) {
  if (policy == Policy::phishing_resistant) return sessions::lists(amr, "swk") || sessions::lists(amr, "hwk");
  return policy < Policy::required || sessions::lists(amr, "mfa");
}

}  // namespace mfa
