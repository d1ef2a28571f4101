#include "login/late_enrolment.h"

#include <algorithm>

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

template <class T, class F>
Result<T> LateEnrolment::for_who_waits(accounts::UserId id, const crypto::Secret& token, SecondMethod method,
                                       const audit::Origin& origin, F&& act) {
  auto done = parts_.transactor.atomically([&](core::Tx& tx) -> Result<Result<T>> {
    auto waiting = TRY(parts_.login.lock_waiting(tx, id, token, origin));
    if (!waiting) return Result<T>(std::unexpected(waiting.error()));
    const auto step = TRY(parts_.login.second_step(tx, id, waiting->amr));
    if (std::ranges::find(step.enrol, method) == step.enrol.end()) return core::fail(Code::factor_not_allowed);
    return act(tx, *std::move(waiting));
  });
  if (!done) TRY(parts_.login.record_refusal(done.error(), id, origin));
  return TRY(std::move(done));
}

Result<SignedIn> LateEnrolment::sign_in(core::Tx& tx, Waiting waiting, std::string_view proved,
                                        const crypto::Secret& token, const devices::Device& device,
                                        const audit::Origin& origin) {
  TRY(parts_.challenges.consume(tx, token));
  return parts_.login.create_session(tx, std::move(waiting.user), with_proof(waiting.amr, proved), device, origin);
}

Result<mfa::Enrolment> LateEnrolment::begin_totp(const crypto::Secret& token, const audit::Origin& origin) {
  return for_who_waits<mfa::Enrolment>(
      TRY(parts_.login.who_waits(token)), token, SecondMethod::totp, origin,
      [&](core::Tx& tx, const Waiting& waiting) -> Result<Result<mfa::Enrolment>> {
        return Result<mfa::Enrolment>(TRY(parts_.factors.begin_totp(tx, waiting.user, origin)));
      });
}

Result<Enrolled> LateEnrolment::confirm_totp(const crypto::Secret& token, const crypto::Secret& code,
                                             const devices::Device& device, const audit::Origin& origin) {
  auto done = TRY(for_who_waits<Enrolled>(
      TRY(parts_.login.who_waits(token)), token, SecondMethod::totp, origin,
      [&](core::Tx& tx, Waiting waiting) -> Result<Result<Enrolled>> {
        auto confirmed = TRY(parts_.own_factors.confirm_totp(tx, waiting.user, std::nullopt, code, origin));
        if (!confirmed) return Result<Enrolled>(std::unexpected(confirmed.error()));
        auto signed_in = TRY(sign_in(tx, std::move(waiting), mfa::amr_of(mfa::Method::totp), token, device, origin));
        return Result<Enrolled>(Enrolled{std::move(signed_in), std::move(confirmed->recovery_codes)});
      }));
  done.signed_in = TRY(parts_.login.with_access_token(std::move(done.signed_in)));
  return done;
}

Result<webauthn::Options> LateEnrolment::begin_passkey(const crypto::Secret& token, const audit::Origin& origin) {
  const auto id = TRY(parts_.login.who_waits(token));
  TRY(for_who_waits<bool>(id, token, SecondMethod::passkey, origin,
                          [](core::Tx&, const Waiting&) -> Result<Result<bool>> { return true; }));
  return parts_.passkeys.begin(webauthn::Purpose::enrol, id, stand_in_of(token));
}

Result<SignedIn> LateEnrolment::add_passkey(const crypto::Secret& token, const webauthn::Attestation& answer,
                                            std::string name, const devices::Device& device,
                                            const audit::Origin& origin) {
  const auto id = TRY(parts_.login.who_waits(token));
  const auto made = TRY(parts_.passkeys.judge(id, stand_in_of(token), answer, std::move(name)));
  auto signed_in = TRY(for_who_waits<SignedIn>(
      id, token, SecondMethod::passkey, origin, [&](core::Tx& tx, Waiting waiting) -> Result<Result<SignedIn>> {
        TRY(parts_.passkeys.add(tx, waiting.user, made, std::nullopt, origin));
        return Result<SignedIn>(
            TRY(sign_in(tx, std::move(waiting), webauthn::amr_of(made.passkey), token, device, origin)));
      }));
  return parts_.login.with_access_token(std::move(signed_in));
}

}  // namespace login
