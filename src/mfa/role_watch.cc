#include "mfa/role_watch.h"

namespace mfa {

core::Result<> RoleWatch::roles_changed(core::Tx& tx, accounts::UserId user, const audit::Origin& origin) {
  const auto current = origin.session ? std::optional(sessions::SessionId{*origin.session}) : std::nullopt;
  TRY(sessions_.react(tx, sessions::Event::roles_changed, user, current, origin));
  TRY(end_unproved(tx, user, origin));
  return {};
}

core::Result<int64_t> RoleWatch::end_unproved(core::Tx& tx, accounts::UserId user, const audit::Origin& origin) {
  const Policy policy = TRY(policy_of(tx, user, config_, access_));
  if (policy < Policy::required) return 0;
  const auto unproved = [policy](const sessions::Session& one) { return !satisfies(policy, one.amr); };
  return sessions_.end_if(tx, user, unproved, sessions::EndReason::factor_required, origin);
}

}  // namespace mfa
