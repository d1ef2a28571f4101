#include "login/impersonation.h"

namespace login {

using core::Code, core::Result;

namespace {

constexpr core::Seconds shortest{60};

}  // namespace

Result<SignedIn> Impersonations::begin(accounts::UserId id, std::string reason, std::optional<core::Seconds> life,
                                       const audit::Origin& origin) {
  const auto most = parts_.config.impersonation_timeout;
  if (life && (*life < shortest || *life > most))
    return core::fail_field("expiresIn", "out_of_range", "must be 60 to " + std::to_string(most.count()));
  if (reason.find_first_not_of(" \t\r\n") == reason.npos)
    return core::fail_field("reason", "too_short", "must not be blank");
  if (id.value == origin.actor) return core::fail(Code::conflict, "This is the caller himself.");
  auto begun = TRY(parts_.transactor.atomically([&](core::Tx& tx) -> Result<SignedIn> {
    auto user = TRY(parts_.users.lock(tx, id));
    // Not account_disabled: that is said to clients whose own account it is, and ends their session.
    if (!user.active()) return core::fail(Code::conflict, "This account is disabled, or about to be deleted.");
    TRY(parts_.access.ensure_may_act_on(tx, id, origin));
    auto issued = TRY(parts_.sessions.impersonate(
        tx, id, {.by = sessions::SessionId{*origin.session}, .life = life.value_or(most), .reason = reason}, origin));
    const core::Time now = parts_.clock.now();
    if (parts_.config.impersonation_mail)
      TRY(parts_.mail.enqueue(tx, mail::impersonated(parts_.mail.letterhead(), user.email, reason, now),
                              now + std::chrono::days(1)));
    return parts_.login.give_out(tx, std::move(user), std::move(issued));
  }));
  begun.actor = origin.actor;
  return parts_.login.with_access_token(std::move(begun));
}

}  // namespace login
