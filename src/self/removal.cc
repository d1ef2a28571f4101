#include "self/removal.h"

namespace self {

core::Result<> Removal::remove(core::Tx& tx, accounts::UserId user, const audit::Origin& origin) {
  TRY(parts_.users.remove(tx, user, origin));
  TRY(parts_.access.unassign_all(tx, user, origin));
  TRY(parts_.sessions.end_all(tx, user, sessions::EndReason::account_deleted, std::nullopt, origin));
  return parts_.remains.erase(tx, user);
}

}  // namespace self
