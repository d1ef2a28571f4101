// Owns: that nothing personal of a user is left.
// Does not own: who may remove whom (admin/, deletion.h).
// Thread rule: any worker thread, inside a Tx.
//
// What stays is an id: in the row of users, so that no event names somebody else some day, and in the record of events.
#pragma once
#include "access/access_service.h"
#include "accounts/user_service.h"
#include "self/remains_store.h"
#include "sessions/session_service.h"

namespace self {

class Removal {
 public:
  struct Parts {
    accounts::Service& users;
    roles::Service& access;
    sessions::Service& sessions;
    RemainsStore& remains;
  };
  explicit Removal(const Parts& parts) : parts_(parts) {}

  // Ends his sessions, too. not_found for who is not there any more.
  core::Result<> remove(core::Tx& tx, accounts::UserId user, const audit::Origin& origin);

 private:
  const Parts parts_;
};

}  // namespace self
