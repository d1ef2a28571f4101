// Owns: rows of sign-ins that wait for their second factor.
// Does not own: what proves it (mfa_service.h).
// Thread rule: any worker thread.
#pragma once
#include "accounts/user.h"
#include "core/unit_of_work.h"
#include "crypto/digest.h"

namespace mfa {

struct Challenge {
  accounts::UserId user;
  int64_t auth_epoch = 0;  // of the user when the first factor was proved: what changed since then voids it
  std::string amr;         // what was proved so far (RFC 8176)
  core::Time expires_at;
};

class ChallengeStore {
 public:
  virtual ~ChallengeStore() = default;
  virtual core::Result<> create(core::Tx& tx, const crypto::Digest256& token, const Challenge& challenge) = 0;
  // Absent when there is none; expired ones are found, too.
  virtual core::Result<std::optional<Challenge>> find(core::Tx& tx, const crypto::Digest256& token) = 0;
  // Of parallel callers one gets true.
  virtual core::Result<bool> consume(core::Tx& tx, const crypto::Digest256& token) = 0;
  // Removes up to `limit` that expired before `before`; how many.
  virtual core::Result<int64_t> prune(core::Tx& tx, core::Time before, int64_t limit) = 0;
};

}  // namespace mfa
