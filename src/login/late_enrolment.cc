#include "login/late_enrolment.h"

#include <algorithm>

#include "mail/templates.h"

namespace login {
namespace {

using core::Code, core::Result;

// In the place of the session that does not exist yet, to which a challenge of the authenticator is bound.
sessions::SessionId stand_in_of(const crypto::Secret& token) {
  const auto digest = crypto::sha256(token.bytes());
  sessions::SessionId id;
  std::copy_n(digest.begin(), id.value.bytes.size(), id.value.bytes.begin());
  return id;
}

}  // namespace

// A refusal is a value of the transaction, so that what is recorded of it is committed.
Result<Result<LateEnrolment::Waiting>> LateEnrolment::find(core::Tx& tx, accounts::UserId id,
                                                           const crypto::Secret& token, SecondMethod method,
                                                           const audit::Origin& origin) {
  auto user = TRY(parts_.users.lock(tx, id));
  auto challenge = TRY(parts_.challenges.find(tx, token));
  if (!user || !challenge || !user->active() || user->auth_epoch != challenge->auth_epoch) {
    TRY(parts_.audit.append(tx, {"login.failed", id.value, {}, "mfa_token_invalid"}, origin));
    return Result<Waiting>(core::fail(Code::mfa_token_invalid));
  }
  const auto step = TRY(parts_.login.second_step(tx, id, challenge->amr));
  if (std::ranges::find(step.enrol, method) == step.enrol.end()) return core::fail(Code::factor_not_allowed);
  return Result<Waiting>(Waiting{*std::move(user), std::move(challenge->amr)});
}

template <class T, class F>
Result<T> LateEnrolment::for_who_waits(const crypto::Secret& token, SecondMethod method, const audit::Origin& origin,
                                       F&& act) {
  TRY(parts_.sessions.check_clock());
  const auto known = TRY(parts_.transactor.reading([&](core::Tx& tx) { return parts_.challenges.find(tx, token); }));
  if (!known) return core::fail(Code::mfa_token_invalid);
  return TRY(parts_.transactor.atomically([&](core::Tx& tx) -> Result<Result<T>> {
    auto waiting = TRY(find(tx, known->user, token, method, origin));
    if (!waiting) return Result<T>(std::unexpected(waiting.error()));
    return act(tx, *std::move(waiting));
  }));
}

Result<SignedIn> LateEnrolment::sign_in(core::Tx& tx, Waiting waiting, std::string_view proved,
                                        const crypto::Secret& token, const devices::Device& device,
                                        const audit::Origin& origin) {
  TRY(parts_.challenges.consume(tx, token));
  return parts_.login.create_session(tx, std::move(waiting.user), with_proof(waiting.amr, proved), device, origin);
}

Result<mfa::Enrolment> LateEnrolment::begin_totp(const crypto::Secret& token, const audit::Origin& origin) {
  return for_who_waits<mfa::Enrolment>(
      token, SecondMethod::totp, origin, [&](core::Tx& tx, Waiting waiting) -> Result<Result<mfa::Enrolment>> {
        return Result<mfa::Enrolment>(TRY(parts_.factors.begin_totp(tx, waiting.user, origin)));
      });
}

Result<Enrolled> LateEnrolment::confirm_totp(const crypto::Secret& token, const crypto::Secret& code,
                                             const devices::Device& device, const audit::Origin& origin) {
  auto done = TRY(for_who_waits<Enrolled>(
      token, SecondMethod::totp, origin, [&](core::Tx& tx, Waiting waiting) -> Result<Result<Enrolled>> {
        auto codes = TRY(parts_.factors.confirm_totp(tx, waiting.user, code, origin));
        if (!codes) return Result<Enrolled>(std::unexpected(codes.error()));
        const core::Time now = parts_.clock.now();
        TRY(parts_.mail.enqueue(tx, mail::second_factor_added(parts_.mail.letterhead(), waiting.user.email, now),
                                now + std::chrono::days(1)));
        ++waiting.user.auth_epoch;
        TRY(parts_.users.update(tx, waiting.user));
        TRY(parts_.sessions.end_all(tx, waiting.user.id, sessions::EndReason::factor_changed, {}, origin));
        auto signed_in = TRY(sign_in(tx, std::move(waiting), mfa::amr_of(mfa::Method::totp), token, device, origin));
        return Result<Enrolled>(Enrolled{std::move(signed_in), *std::move(codes)});
      }));
  done.signed_in = TRY(parts_.login.with_access_token(std::move(done.signed_in)));
  return done;
}

Result<webauthn::Options> LateEnrolment::begin_passkey(const crypto::Secret& token, const audit::Origin& origin) {
  const auto id = TRY(for_who_waits<accounts::UserId>(
      token, SecondMethod::passkey, origin, [&](core::Tx&, const Waiting& waiting) -> Result<Result<accounts::UserId>> {
        return Result<accounts::UserId>(waiting.user.id);
      }));
  return parts_.passkeys.begin(webauthn::Purpose::enrol, id, stand_in_of(token));
}

Result<SignedIn> LateEnrolment::add_passkey(const crypto::Secret& token, const webauthn::Attestation& answer,
                                            std::string name, const devices::Device& device,
                                            const audit::Origin& origin) {
  const auto known = TRY(parts_.transactor.reading([&](core::Tx& tx) { return parts_.challenges.find(tx, token); }));
  if (!known) return core::fail(Code::mfa_token_invalid);
  const auto made = TRY(parts_.passkeys.judge(known->user, stand_in_of(token), answer, std::move(name)));
  auto signed_in = TRY(for_who_waits<SignedIn>(
      token, SecondMethod::passkey, origin, [&](core::Tx& tx, Waiting waiting) -> Result<Result<SignedIn>> {
        TRY(parts_.passkeys.add(tx, waiting.user, made, origin));
        return Result<SignedIn>(
            TRY(sign_in(tx, std::move(waiting), webauthn::amr_of(made.passkey), token, device, origin)));
      }));
  return parts_.login.with_access_token(std::move(signed_in));
}

}  // namespace login
