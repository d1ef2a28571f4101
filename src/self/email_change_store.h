// Owns: the interface to the changes of an address that wait for their codes.
// Thread rule: any worker thread, inside a Tx.
#pragma once
#include "accounts/user.h"
#include "core/unit_of_work.h"

namespace self {

struct PendingEmail {
  accounts::UserId user;
  std::string email, email_key;  // the new address (accounts/email.h)
  std::string old_key;           // the user's address when it was asked for
  int64_t auth_epoch = 0;        // and his epoch
  core::Time asked_at;
  std::optional<core::Time> mailed_at;  // absent: the new address got no code
};

// At most one for each user.
class EmailChangeStore {
 public:
  virtual ~EmailChangeStore() = default;
  // In the place of the user's older one.
  virtual core::Result<> put(core::Tx& tx, const PendingEmail& pending) = 0;
  virtual core::Result<std::optional<PendingEmail>> find(core::Tx& tx, accounts::UserId user) = 0;
  virtual core::Result<> remove(core::Tx& tx, accounts::UserId user) = 0;
  // Whether the address got a code after `since`, whoever asked for it.
  virtual core::Result<bool> mailed_after(core::Tx& tx, std::string_view email_key, core::Time since) = 0;
  // Removes up to `limit` that were asked for before `before`; how many.
  virtual core::Result<int64_t> prune(core::Tx& tx, core::Time before, int64_t limit) = 0;
};

}  // namespace self
