// Owns: what a change of a user's roles does to his sessions; that none goes on with less than his policy asks for.
// Does not own: the roles (access/), the table of reactions (sessions/policy.h), what a sign-in asks for (policy.h).
// Thread rule: worker threads, inside a Tx.
#pragma once
#include "mfa/policy.h"
#include "sessions/session_service.h"

namespace mfa {

class RoleWatch final : public roles::Watcher {
 public:
  // The services may be made later than this.
  RoleWatch(roles::Service& access, sessions::Service& sessions, const Config& config)
      : access_(access), sessions_(sessions), config_(config) {}

  // Who gives himself a role goes on, if he has proved what it asks for.
  core::Result<> roles_changed(core::Tx& tx, accounts::UserId user, const audit::Origin& origin) override;
  // Ends the sessions in which `user` has proved less than a sign-in would ask of him now; how many. Those in which
  // another user acts in his name end with that one's own.
  core::Result<int64_t> end_unproved(core::Tx& tx, accounts::UserId user, const audit::Origin& origin);

 private:
  roles::Service& access_;
  sessions::Service& sessions_;
  const Config& config_;
};

}  // namespace mfa
