// Owns: rows of invitations that wait.
// Does not own: who may invite whom (invitation_service.h).
// Thread rule: any worker thread.
#pragma once
#include "accounts/user.h"
#include "core/unit_of_work.h"
#include "crypto/digest.h"

namespace invitations {

using InvitationId = core::Id<struct InvitationTag>;

struct Invitation {
  InvitationId id;
  std::string email, email_key;       // as in accounts/email.h
  std::string first_name, last_name;  // empty: who accepts it says them
  std::vector<std::string> roles;     // besides the one that everybody has
  accounts::UserId invited_by;
  core::Time created_at, expires_at;
};

// The newest first; behind `after`, the last of the page before.
struct Page {
  std::optional<InvitationId> after = {};
  int64_t limit = 100;
};

class InvitationStore {
 public:
  virtual ~InvitationStore() = default;
  // Replaces one to the same address.
  virtual core::Result<> create(core::Tx& tx, const crypto::Digest256& token, const Invitation& invitation) = 0;
  // Absent when there is none; expired ones are found, too.
  virtual core::Result<std::optional<Invitation>> find(core::Tx& tx, const crypto::Digest256& token) = 0;
  // Of parallel callers one gets true.
  virtual core::Result<bool> consume(core::Tx& tx, const crypto::Digest256& token) = 0;
  // Those that expire after `now`.
  virtual core::Result<std::vector<Invitation>> list(core::Tx& tx, core::Time now, const Page& page) = 0;
  // False when there is none that expires after `now`.
  virtual core::Result<bool> remove(core::Tx& tx, InvitationId id, core::Time now) = 0;
  // Removes up to `limit` that expired before `before`; how many.
  virtual core::Result<int64_t> prune(core::Tx& tx, core::Time before, int64_t limit) = 0;
};

}  // namespace invitations
