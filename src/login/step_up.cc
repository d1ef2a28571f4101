#include "login/step_up.h"

#include <algorithm>

namespace login {
namespace {

using core::Code, core::Result;

std::string list(const std::vector<ProofMethod>& methods, std::string_view between) {
  std::string all;
  for (const ProofMethod method : methods) (all += all.empty() ? "" : between) += core::to_text(method);
  return all;
}

// RFC 8176. A code by mail is no second factor, and does not say that it is one.
std::string_view amr_of(ProofMethod method) {
  switch (method) {
    case ProofMethod::password:
      return "pwd";
    case ProofMethod::email_code:
      return "otp";
    case ProofMethod::totp:
      return mfa::amr_of(mfa::Method::totp);
    case ProofMethod::recovery_code:
      return mfa::amr_of(mfa::Method::recovery_code);
    case ProofMethod::passkey:
      break;  // each says its own
  }
  return "";
}

}  // namespace

Result<> StepUp::ensure_recent(accounts::UserId user, core::Time authenticated_at) {
  const core::Seconds after = parts_.config.step_up_after;
  const core::Time now = parts_.clock.now();
  // A proof of the future was given by a clock that was wrong.
  const bool recent = now < authenticated_at + after && authenticated_at <= now + core::ClockGuard::tolerance;
  if (after == core::Seconds(0) || recent) return {};
  const auto methods = TRY(parts_.transactor.reading([&](core::Tx& tx) { return methods_of(tx, user); }));
  return std::unexpected(core::Error{.code = Code::step_up_required, .reason = list(methods, " ")});
}

Result<std::vector<ProofMethod>> StepUp::methods_of(core::Tx& tx, accounts::UserId user) {
  const bool has_passkey = TRY(parts_.passkeys.has_any(tx, user));
  const auto policy = TRY(mfa::policy_of(tx, user, parts_.mfa_config, parts_.access));
  if (has_passkey && policy == mfa::Policy::phishing_resistant) return std::vector{ProofMethod::passkey};
  std::vector<ProofMethod> methods;
  for (const mfa::Method method : TRY(parts_.factors.status_of(tx, user)).methods)
    methods.push_back(method == mfa::Method::totp ? ProofMethod::totp : ProofMethod::recovery_code);
  if (methods.empty()) methods = {ProofMethod::password, ProofMethod::email_code};
  if (has_passkey) methods.push_back(ProofMethod::passkey);
  return methods;
}

Result<> StepUp::ensure_allowed(core::Tx& tx, accounts::UserId user, ProofMethod method) {
  const auto methods = TRY(methods_of(tx, user));
  if (method == ProofMethod::passkey) return core::fail_field("method", "not_allowed", "has a path of its own");
  if (std::ranges::find(methods, method) != methods.end()) return {};
  return core::fail_field("method", "not_allowed", "must be one of " + list(methods, ", "));
}

Result<SignedIn> StepUp::prove(accounts::UserId id, sessions::SessionId session, ProofMethod method,
                               const crypto::Secret& proof, const audit::Origin& origin) {
  TRY(parts_.sessions.check_clock());
  TRY(parts_.transactor.reading([&](core::Tx& tx) { return ensure_allowed(tx, id, method); }));
  std::optional<int64_t> epoch;
  if (method == ProofMethod::password) epoch = TRY(parts_.passwords.prove(id, proof, "proof", origin)).auth_epoch;
  // A refused code is a value of the transaction, so that the try is committed.
  return parts_.login.with_access_token(
      TRY(TRY(parts_.transactor.atomically([&](core::Tx& tx) -> Result<Result<SignedIn>> {
        auto user = TRY(parts_.users.lock(tx, id));
        if (!user || !user->active() || user->auth_epoch != epoch.value_or(user->auth_epoch))
          return core::fail(Code::conflict);
        TRY(ensure_allowed(tx, id, method));
        if (auto heard = TRY(verify(tx, *user, session, method, proof, origin)); !heard)
          return Result<SignedIn>(std::unexpected(heard.error()));
        return Result<SignedIn>(TRY(go_on(tx, *std::move(user), session, amr_of(method), origin)));
      }))));
}

Result<SignedIn> StepUp::go_on(core::Tx& tx, accounts::User user, sessions::SessionId session, std::string_view amr,
                               const audit::Origin& origin) {
  auto issued = TRY(parts_.sessions.authenticate(tx, user.id, session, amr, origin));
  if (!issued) return core::fail(Code::conflict);
  return parts_.login.give_out(tx, std::move(user), *std::move(issued));
}

Result<SignedIn> StepUp::prove_by_passkey(accounts::UserId id, sessions::SessionId session,
                                          const webauthn::Assertion& answer, const audit::Origin& origin) {
  TRY(parts_.sessions.check_clock());
  const auto taken = TRY(parts_.passkeys.take(answer.client_data, webauthn::Purpose::step_up, id, session));
  return parts_.login.with_access_token(
      TRY(TRY(parts_.transactor.atomically([&](core::Tx& tx) -> Result<Result<SignedIn>> {
        auto user = TRY(parts_.users.lock(tx, id));
        if (!user || !user->active()) return core::fail(Code::conflict);
        auto proved = TRY(parts_.passkeys.accept(tx, *user, answer, taken.challenge, origin));
        if (!proved) {
          TRY(parts_.audit.append(tx, {"passkey.refused", id.value, {}, {}}, origin));
          return Result<SignedIn>(std::unexpected(proved.error()));
        }
        return Result<SignedIn>(TRY(go_on(tx, *std::move(user), session, *proved, origin)));
      }))));
}

Result<Result<>> StepUp::verify(core::Tx& tx, const accounts::User& user, sessions::SessionId session,
                                ProofMethod method, const crypto::Secret& proof, const audit::Origin& origin) {
  switch (method) {
    case ProofMethod::password:
      return Result<>();  // before this transaction, since it takes long
    case ProofMethod::totp:
      return parts_.factors.verify(tx, user, mfa::Method::totp, proof, origin, session);
    case ProofMethod::recovery_code:
      return parts_.factors.verify(tx, user, mfa::Method::recovery_code, proof, origin, session);
    case ProofMethod::email_code:
    case ProofMethod::passkey:
      break;
  }
  const auto outcome =
      TRY(parts_.codes.consume(tx, user.id, verification::Purpose::step_up, proof, parts_.clock.now(), session.str()));
  if (outcome == verification::Outcome::accepted) return Result<>();
  TRY(parts_.audit.append(tx, {"user.code_refused", user.id.value, {}, {}}, origin));
  return Result<>(core::fail(Code::otp_invalid));
}

Result<> StepUp::send_code(accounts::UserId id, sessions::SessionId session) {
  return parts_.transactor.atomically([&](core::Tx& tx) -> Result<> {
    TRY(ensure_allowed(tx, id, ProofMethod::email_code));
    const auto user = TRY(parts_.users.lock(tx, id));
    if (user && user->active()) TRY(parts_.mailer.send_step_up(tx, *user, session, parts_.clock.now()));
    return {};
  });
}

}  // namespace login
