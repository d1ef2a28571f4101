// Owns: the interface to the sign-ins of which their users were told.
// Thread rule: any worker thread, inside a Tx.
#pragma once
#include "accounts/user.h"
#include "core/unit_of_work.h"
#include "crypto/digest.h"
#include "sessions/session.h"

namespace risk {

struct Notice {
  accounts::UserId user;
  sessions::SessionId session;
  std::string device, ip_address;
  core::Time at, expires_at;
};

// By the SHA-256 of the token in the mail.
class NoticeStore {
 public:
  virtual ~NoticeStore() = default;
  virtual core::Result<> create(core::Tx& tx, const crypto::Digest256& token, const Notice& notice) = 0;
  // Absent when there is none; expired ones are found, too.
  virtual core::Result<std::optional<Notice>> find(core::Tx& tx, const crypto::Digest256& token) = 0;
  // Of parallel callers one gets true.
  virtual core::Result<bool> consume(core::Tx& tx, const crypto::Digest256& token) = 0;
  // Removes up to `limit` that expired before `before`; how many.
  virtual core::Result<int64_t> prune(core::Tx& tx, core::Time before, int64_t limit) = 0;
};

}  // namespace risk
