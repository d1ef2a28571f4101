// Owns: a sign-in that waits until another session of its user approves it.
// Does not own: which sign-ins wait (rules.h), completing one (login/login_service.h).
// Thread rule: worker threads.
//
// The device that signs in shows a number, and its user enters it on a device that is signed in: who is asked out of
// the blue cannot say yes by mistake. One wrong number denies.
#pragma once
#include "audit/audit_store.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "devices/device.h"
#include "mail/outbox.h"
#include "risk/approval_store.h"
#include "risk/risk_config.h"
#include "sessions/session_store.h"

namespace risk {

class Approvals {
 public:
  struct Parts {
    core::Transactor& transactor;
    ApprovalStore& approvals;
    sessions::Store& sessions;
    audit::Store& audit;
    mail::Outbox& mail;
    crypto::Random& random;
    const core::Clock& clock;
    const Config& config;
  };
  explicit Approvals(const Parts& parts) : parts_(parts) {}

  // Steps of a sign-in's transaction, in which its user is locked.

  // Whether somebody could approve: a session of the user lives, and he was not asked in vain too often.
  core::Result<bool> possible(core::Tx& tx, accounts::UserId user);
  // The sign-in of `token` waits for `life`; the number that its device shows. Its user is told by mail.
  core::Result<std::string> ask(core::Tx& tx, const accounts::User& user, const crypto::Secret& token,
                                core::Seconds life, const devices::Device& device, const audit::Origin& origin);
  // What became of it; absent when it does not wait for an approval.
  core::Result<std::optional<Approval>> find(core::Tx& tx, const crypto::Secret& token);

  // What a user does in another session of his.

  // Those that wait; the newest first.
  core::Result<std::vector<Approval>> list(accounts::UserId user);
  // Errors: not_found for one that is not his, or does not wait any more; approval_number_wrong, which denies it.
  core::Result<> approve(accounts::UserId user, ApprovalId id, std::string_view number, const audit::Origin& origin);
  // Error: not_found.
  core::Result<> deny(accounts::UserId user, ApprovalId id, const audit::Origin& origin);
  // Removes up to `limit` that are too old; how many.
  core::Result<int64_t> prune(core::Tx& tx, int64_t limit);

 private:
  core::Result<Approval> get(core::Tx& tx, accounts::UserId user, ApprovalId id);
  core::Result<> decide(core::Tx& tx, const Approval& approval, ApprovalState state, const audit::Origin& origin);
  Parts parts_;
};

}  // namespace risk
