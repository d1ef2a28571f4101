// Owns: deleting one's own account: at once, or after a grace in which it may be taken back.
// Does not own: what is removed (removal.h), taking it back (login/login_service.h).
// Thread rule: worker threads.
#pragma once
#include "access/access_service.h"
#include "mail/outbox.h"
#include "passwords/password_service.h"
#include "self/removal.h"
#include "self/self_config.h"

namespace self {

class Deletion {
 public:
  struct Parts {
    core::Transactor& transactor;
    accounts::Store& users;
    roles::Service& access;
    passwords::Service& passwords;
    sessions::Service& sessions;
    Removal& removal;
    RemainsStore& remains;
    audit::Store& audit;
    mail::Outbox& mail;
    changes::Outbox& outbox;
    const core::Clock& clock;
    const Config& config;
  };
  explicit Deletion(const Parts& parts) : parts_(parts) {}

  // Ends all sessions. Until when it may be taken back; absent: the account is gone. Errors: wrong_password,
  // too_many_attempts, account_disabled, last_super_admin, conflict.
  core::Result<std::optional<core::Time>> ask(accounts::UserId user, const crypto::Secret& password,
                                              const audit::Origin& origin);
  // Removes up to `limit` users whose grace is over; how many.
  core::Result<int64_t> purge(core::Tx& tx, int64_t limit);

 private:
  core::Result<> begin_grace(core::Tx& tx, accounts::User user, core::Time end, const audit::Origin& origin);
  core::Result<> remove(core::Tx& tx, const accounts::User& user, const audit::Origin& origin);
  const Parts parts_;
};

}  // namespace self
