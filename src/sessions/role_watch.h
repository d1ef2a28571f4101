// Owns: what a change of a user's roles does to his sessions.
// Does not own: the roles (access/), what it is (policy.h).
// Thread rule: worker threads, inside a Tx.
#pragma once
#include "access/access_service.h"
#include "sessions/session_service.h"

namespace sessions {

class RoleWatch final : public roles::Watcher {
 public:
  // The service may be made later than this.
  explicit RoleWatch(Service& sessions) : sessions_(sessions) {}

  // Who gives himself a role goes on.
  core::Result<> roles_changed(core::Tx& tx, accounts::UserId user, const audit::Origin& origin) override {
    const auto current = origin.session ? std::optional(SessionId{*origin.session}) : std::nullopt;
    TRY(sessions_.react(tx, Event::roles_changed, user, current, origin));
    return {};
  }

 private:
  Service& sessions_;
};

}  // namespace sessions
