// Owns: the interface to the sign-ins that wait for an approval.
// Thread rule: any worker thread, inside a Tx.
#pragma once
#include <array>

#include "accounts/user.h"
#include "core/fields.h"
#include "core/unit_of_work.h"
#include "crypto/digest.h"

namespace risk {

using ApprovalId = core::Id<struct ApprovalTag>;

enum class ApprovalState { waiting, approved, denied };
constexpr std::array<core::Name<ApprovalState>, 3> names_of(ApprovalState) {
  using enum ApprovalState;
  return {{{waiting, "waiting"}, {approved, "approved"}, {denied, "denied"}}};
}

struct Approval {
  ApprovalId id;
  accounts::UserId user;
  crypto::Digest256 token{};  // SHA-256 of the token of the sign-in that waits
  std::string number;         // that the device which signs in shows
  ApprovalState state = ApprovalState::waiting;
  std::string device, ip_address;
  core::Time at, expires_at;
};

class ApprovalStore {
 public:
  virtual ~ApprovalStore() = default;
  virtual core::Result<> create(core::Tx& tx, const Approval& approval) = 0;
  // Of a user, since `since`; the newest first, at most 100.
  virtual core::Result<std::vector<Approval>> list(core::Tx& tx, accounts::UserId user, core::Time since) = 0;
  // Absent when there is none; expired ones are found, too.
  virtual core::Result<std::optional<Approval>> find(core::Tx& tx, const crypto::Digest256& token) = 0;
  // What was waiting is decided; of parallel callers one gets true.
  virtual core::Result<bool> decide(core::Tx& tx, ApprovalId id, ApprovalState state) = 0;
  // Removes up to `limit` from before `before`; how many.
  virtual core::Result<int64_t> prune(core::Tx& tx, core::Time before, int64_t limit) = 0;
};

}  // namespace risk
