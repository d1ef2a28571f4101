// Owns: what administrators do with accounts, which joins accounts, roles and sessions.
// Does not own: any table, giving roles (access/).
// Thread rule: any worker thread.
//
// Who acts is origin.actor, as in access/access_service.h: nobody changes, disables, deletes or signs out a user who
// may do something that he may not himself (grant_exceeds_own); acting on oneself is always allowed. Reading needs the
// route's permission alone. A user who is not there or was deleted is not_found everywhere.
#pragma once
#include "access/access_service.h"
#include "accounts/user_service.h"
#include "passwords/password_service.h"
#include "self/removal.h"
#include "sessions/session_service.h"

namespace admin {

struct UserView {
  accounts::User user;
  std::vector<std::string> roles;
};

class Service {
 public:
  struct Parts {
    core::Transactor& transactor;
    accounts::Service& users;
    roles::Service& access;
    sessions::Service& sessions;
    passwords::Service& passwords;
    self::Removal& removal;
    audit::Store& audit;
  };
  explicit Service(const Parts& parts) : parts_(parts) {}

  core::Result<std::vector<UserView>> list(const accounts::UserFilter& filter);
  core::Result<UserView> get(accounts::UserId id);
  // validation_failed for `firstName` and `lastName`.
  core::Result<UserView> rename(accounts::UserId id, const accounts::NewNames& names, const audit::Origin& origin);
  // Ends all sessions in the same transaction. last_super_admin.
  core::Result<UserView> disable(accounts::UserId id, const audit::Origin& origin);
  core::Result<UserView> enable(accounts::UserId id, const audit::Origin& origin);
  // His password opens nothing until he resets it by a code that is mailed to him alone; how many sessions were ended.
  core::Result<int64_t> require_password_reset(accounts::UserId id, const audit::Origin& origin);
  // At once, and for good (self/removal.h). last_super_admin.
  core::Result<> remove(accounts::UserId id, const audit::Origin& origin);

  // Living sessions, newest activity first.
  core::Result<std::vector<sessions::Session>> list_sessions(accounts::UserId id, const sessions::Page& page);
  // not_found when the session is not this user's or has ended.
  core::Result<> end_session(accounts::UserId id, sessions::SessionId session, const audit::Origin& origin);
  // How many. Sign-ins under way do not complete.
  core::Result<int64_t> end_sessions(accounts::UserId id, const audit::Origin& origin);

 private:
  core::Result<UserView> view(core::Tx& tx, accounts::User user);

  const Parts parts_;
};

}  // namespace admin
