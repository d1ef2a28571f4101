// Owns: who may invite whom into which roles, and the token by which an invitation is accepted.
// Does not own: the account that follows (login/invited.h).
// Thread rule: worker threads.
//
// Who invites acts as origin.actor, and gives no role beyond what he may do himself: when he invites, and still when it
// is accepted.
#pragma once
#include "access/access_service.h"
#include "accounts/user_store.h"
#include "invitations/invitation_config.h"
#include "invitations/invitation_store.h"
#include "mail/outbox.h"

namespace invitations {

struct NewInvitation {
  std::string email;
  std::vector<std::string> roles;
  std::string first_name, last_name;
};

class Service {
 public:
  struct Parts {
    core::Transactor& transactor;
    InvitationStore& store;
    accounts::Store& users;
    roles::Service& access;
    audit::Store& audit;
    mail::Outbox& mail;
    crypto::Random& random;
    const core::Clock& clock;
    const Config& config;
  };
  explicit Service(const Parts& parts) : parts_(parts) {}

  // Mails it; an earlier one to the address is void. Errors: validation_failed for `email`, `roles[i]`; email_taken;
  // grant_exceeds_own.
  core::Result<Invitation> send(const NewInvitation& wanted, const audit::Origin& origin);
  // Those that can be accepted.
  core::Result<std::vector<Invitation>> list(const Page& page);
  // not_found when it waits no more.
  core::Result<> withdraw(InvitationId id, const audit::Origin& origin);
  // Absent when it is unknown, used or too old; outside of a transaction.
  core::Result<std::optional<Invitation>> find(const crypto::Secret& token);
  // Removes up to `limit` that are too old; how many.
  core::Result<int64_t> prune(core::Tx& tx, int64_t limit);

  // Steps of a caller's transaction.

  // Of parallel callers one gets it. Absent as in find(), and when who invited may not do so any more.
  core::Result<std::optional<Invitation>> claim(core::Tx& tx, const crypto::Secret& token);

 private:
  core::Result<std::optional<Invitation>> find(core::Tx& tx, const crypto::Secret& token);
  core::Result<bool> still_may(core::Tx& tx, const Invitation& invitation);
  const Parts parts_;
};

}  // namespace invitations
