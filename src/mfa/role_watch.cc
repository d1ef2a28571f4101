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
  int64_t ended = 0;
  for (sessions::Page page{.own = true};;) {
    const auto living = TRY(sessions_.list(tx, user, page));
    for (const auto& one : living)
      if (!satisfies(policy, one.amr))
        ended += TRY(sessions_.end(tx, user, one.id, sessions::EndReason::factor_required, origin));
    if (std::ssize(living) < page.limit) return ended;
    page.after = {living.back().last_active_at, living.back().id};
  }
}

}  // namespace mfa
