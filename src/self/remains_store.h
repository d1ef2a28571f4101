// Owns: the interface to what tables hold of a user who goes, and to who has to go.
// Does not own: his own row (accounts/), his roles (access/).
// Thread rule: any worker thread, inside a Tx.
#pragma once
#include <span>

#include "accounts/user.h"
#include "core/unit_of_work.h"

namespace self {

class RemainsStore {
 public:
  virtual ~RemainsStore() = default;
  // His rows go; of his sessions, which are told from others for a while, what describes devices and places goes.
  virtual core::Result<> erase(core::Tx& tx, accounts::UserId user) = 0;
  // Up to `limit` users whose time to take it back is over.
  virtual core::Result<std::vector<accounts::UserId>> due(core::Tx& tx, core::Time now, int64_t limit) = 0;
};

}  // namespace self
