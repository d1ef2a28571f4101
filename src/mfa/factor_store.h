// Owns: rows of second factors: one authenticator app and the recovery codes of a user.
// Does not own: their rules (totp.h, recovery_code.h, mfa_service.h).
// Thread rule: any worker thread.
#pragma once
#include <vector>

#include "accounts/user.h"
#include "core/unit_of_work.h"
#include "crypto/digest.h"

namespace mfa {

struct TotpFactor {
  accounts::UserId user;
  std::vector<uint8_t> sealed;  // the seed
  int64_t last_step = -1;       // that was used: none up to it is accepted again
  int64_t auth_epoch = 0;       // of the user when it was begun: what changed since then voids the beginning
  core::Time created_at;
  std::optional<core::Time> confirmed_at;  // absent while the app has not shown that it knows the seed
};

class FactorStore {
 public:
  virtual ~FactorStore() = default;
  // Absent when the user has none.
  virtual core::Result<std::optional<TotpFactor>> find_totp(core::Tx& tx, accounts::UserId user) = 0;
  // As find_totp; nobody else locks it until the end of `tx`.
  virtual core::Result<std::optional<TotpFactor>> lock_totp(core::Tx& tx, accounts::UserId user) = 0;
  // In the place of the one before it.
  virtual core::Result<> put_totp(core::Tx& tx, const TotpFactor& factor) = 0;
  // False when there was none.
  virtual core::Result<bool> remove_totp(core::Tx& tx, accounts::UserId user) = 0;

  // In the place of all that the user had.
  virtual core::Result<> put_recovery_codes(core::Tx& tx, accounts::UserId user,
                                            const std::vector<crypto::Digest256>& hashes) = 0;
  // Of parallel callers with one code one gets true; it is gone then.
  virtual core::Result<bool> consume_recovery_code(core::Tx& tx, accounts::UserId user,
                                                   const crypto::Digest256& hash) = 0;
  virtual core::Result<int64_t> count_recovery_codes(core::Tx& tx, accounts::UserId user) = 0;
};

}  // namespace mfa
