// Owns: acting in the name of another user, for a while and only to see: who may, and what is told of it.
// Does not own: what is open to it (login/gate.h), when it ends (sessions/checker.h).
// Thread rule: worker threads.
//
// Nothing is proved of the user: `amr` is empty and `auth_time` long ago. The token names both (RFC 8693 section 4.1):
// `sub` is the user, `act.sub` who acts. There is no refresh token.
#pragma once
#include "accounts/user_service.h"
#include "login/login_service.h"

namespace login {

class Impersonations {
 public:
  struct Parts {
    core::Transactor& transactor;
    accounts::Service& users;
    roles::Service& access;
    sessions::Service& sessions;
    mail::Outbox& mail;
    Service& login;
    const core::Clock& clock;
    const sessions::Config& config;
  };
  explicit Impersonations(const Parts& parts) : parts_(parts) {}

  // By origin.actor in origin.session, for `life` or as long as the settings allow; it ends with that session, too.
  // Errors: validation_failed for `reason` and `expiresIn`; not_found; conflict for oneself and an account that is not
  // active; grant_exceeds_own for a user who may do what the caller may not; clock_skew.
  core::Result<SignedIn> begin(accounts::UserId user, std::string reason, std::optional<core::Seconds> life,
                               const audit::Origin& origin);

 private:
  const Parts parts_;
};

}  // namespace login
