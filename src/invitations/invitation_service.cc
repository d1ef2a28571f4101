#include "invitations/invitation_service.h"

#include <set>

#include "accounts/email.h"
#include "mail/templates.h"

namespace invitations {

using core::Code, core::Result;

Result<Invitation> Service::send(const NewInvitation& wanted, const audit::Origin& origin) {
  const auto email = accounts::Email::parse(wanted.email);
  if (!email) return core::fail_field("email", "invalid_email", "must be an e-mail address");
  const std::set<std::string> distinct(wanted.roles.begin(), wanted.roles.end());
  return parts_.transactor.atomically([&](core::Tx& tx) -> Result<Invitation> {
    TRY(parts_.access.ensure_may_give(tx, wanted.roles, origin));
    const auto known = TRY(parts_.users.find_by_email(tx, email->key));
    if (known && (known->email_verified_at || !known->active())) return core::fail(Code::email_taken);
    const core::Time now = parts_.clock.now();
    const Invitation made{.id = parts_.random.id<InvitationId>(now),
                          .email = email->address,
                          .email_key = email->key,
                          .first_name = wanted.first_name,
                          .last_name = wanted.last_name,
                          .roles = {distinct.begin(), distinct.end()},
                          .invited_by = accounts::UserId{*origin.actor},
                          .created_at = now,
                          .expires_at = now + parts_.config.life};
    const crypto::Secret token("ush_i_" + parts_.random.token());
    TRY(parts_.store.create(tx, crypto::sha256(token.bytes()), made));
    TRY(parts_.mail.enqueue(
        tx, mail::invitation(parts_.mail.letterhead(), made.email, token, parts_.config.link, made.expires_at),
        made.expires_at));
    TRY(parts_.audit.append(tx, {"invitation.sent", {}, {}, made.id.str()}, origin));
    return made;
  });
}

Result<std::vector<Invitation>> Service::list(const Page& page) {
  return parts_.transactor.reading([&](core::Tx& tx) { return parts_.store.list(tx, parts_.clock.now(), page); });
}

Result<> Service::withdraw(InvitationId id, const audit::Origin& origin) {
  return parts_.transactor.atomically([&](core::Tx& tx) -> Result<> {
    if (!TRY(parts_.store.remove(tx, id, parts_.clock.now()))) return core::fail(Code::not_found);
    return parts_.audit.append(tx, {"invitation.withdrawn", {}, {}, id.str()}, origin);
  });
}

Result<std::optional<Invitation>> Service::find(const crypto::Secret& token) {
  return parts_.transactor.reading([&](core::Tx& tx) { return find(tx, token); });
}

Result<std::optional<Invitation>> Service::find(core::Tx& tx, const crypto::Secret& token) {
  auto found = TRY(parts_.store.find(tx, crypto::sha256(token.bytes())));
  if (found && parts_.clock.now() >= found->expires_at) found.reset();
  return found;
}

Result<std::optional<Invitation>> Service::claim(core::Tx& tx, const crypto::Secret& token) {
  auto found = TRY(find(tx, token));
  if (!found || !TRY(parts_.store.consume(tx, crypto::sha256(token.bytes())))) return std::nullopt;
  if (!TRY(still_may(tx, *found))) found.reset();
  return found;
}

Result<bool> Service::still_may(core::Tx& tx, const Invitation& invitation) {
  const auto inviter = TRY(parts_.users.find(tx, invitation.invited_by));
  if (!inviter || !inviter->stays()) return false;
  if (!TRY(parts_.access.grants_of(tx, inviter->id)).permissions->allows(roles::users_invite)) return false;
  const auto may = parts_.access.ensure_may_give(tx, invitation.roles, {.actor = inviter->id.value});
  if (may) return true;
  // Whatever else it is, nobody has decided.
  if (may.error().code == Code::grant_exceeds_own || may.error().code == Code::validation_failed) return false;
  return std::unexpected(may.error());
}

Result<int64_t> Service::prune(core::Tx& tx, int64_t limit) {
  return parts_.store.prune(tx, parts_.clock.now() - std::chrono::hours(1), limit);
}

}  // namespace invitations
