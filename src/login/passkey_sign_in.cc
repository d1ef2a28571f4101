#include "login/passkey_sign_in.h"

namespace login {

using accounts::UserId, core::Result;

Result<> PasskeySignIn::record(core::Tx& tx, std::optional<UserId> user, const core::Error& why,
                               const audit::Origin& origin) {
  const auto subject = user ? std::optional(user->value) : std::nullopt;
  return parts_.audit.append(tx, {"login.failed", subject, {}, std::string(core::row(why.code).name)}, origin);
}

Result<SignedIn> PasskeySignIn::sign_in(const webauthn::Assertion& answer, const devices::Device& device,
                                        const audit::Origin& origin, Leaving leaving) {
  TRY(parts_.sessions.check_clock());
  const auto taken = parts_.passkeys.take(answer.client_data, webauthn::Purpose::sign_in);
  if (!taken) {
    TRY(parts_.transactor.atomically([&](core::Tx& tx) { return record(tx, {}, taken.error(), origin); }));
    return std::unexpected(taken.error());
  }
  const auto owner =
      TRY(parts_.transactor.reading([&](core::Tx& tx) { return parts_.passkeys.owner_of(tx, answer.credential_id); }));
  return parts_.login.complete(owner, origin, [&](core::Tx& tx) -> Result<Result<SignedIn>> {
    if (owner) return admit(tx, *owner, answer, taken->challenge, device, origin, leaving);
    Result<SignedIn> unknown = webauthn::refused("unknown credential");
    TRY(record(tx, {}, unknown.error(), origin));
    return unknown;
  });
}

// A refusal is a value of the transaction, so that what is recorded of it is committed.
Result<Result<SignedIn>> PasskeySignIn::admit(core::Tx& tx, UserId id, const webauthn::Assertion& answer,
                                              const std::string& challenge, const devices::Device& device,
                                              const audit::Origin& origin, Leaving leaving) {
  auto user = TRY(parts_.users.lock(tx, id));
  Result<std::string> proved = webauthn::refused("the account may not sign in");
  // Nobody named the user: only his authenticator can have (WebAuthn section 7.2, step 6).
  if (!answer.user_handle) proved = webauthn::refused("user handle");
  else if (user && user->active() && user->email_verified_at)
    proved = TRY(parts_.passkeys.accept(tx, *user, answer, challenge, origin));
  if (proved && user->delete_after && leaving == Leaving::refused)
    proved = core::fail(core::Code::account_deletion_pending);
  if (!proved) {
    TRY(record(tx, id, proved.error(), origin));
    return Result<SignedIn>(std::unexpected(proved.error()));
  }
  return Result<SignedIn>(TRY(parts_.login.create_session(tx, *std::move(user), *std::move(proved), device, origin)));
}

}  // namespace login
