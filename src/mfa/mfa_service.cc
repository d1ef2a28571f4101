#include "mfa/mfa_service.h"

#include "mail/templates.h"
#include "mfa/base32.h"
#include "mfa/totp.h"

namespace mfa {
namespace {

using core::Code, core::Result;

// Counted apart from passwords: whoever guesses here knows the password, and must not close that door.
std::string subject_of(accounts::UserId user, std::optional<sessions::SessionId> session = std::nullopt) {
  return session ? "second factor of session " + session->str() : "second factor " + user.str();
}

constexpr core::Seconds enrolment_life = std::chrono::minutes(15);
constexpr core::Millis notice_life = std::chrono::days(1);

// What a sealed seed is bound to.
std::string context_of(accounts::UserId user) { return "totp:" + user.str(); }

}  // namespace

std::string_view amr_of(Method method) { return method == Method::totp ? "otp mfa" : "recovery_code mfa"; }

Result<Status> Service::status_of(core::Tx& tx, accounts::UserId user) {
  const auto totp = TRY(parts_.factors.find_totp(tx, user));
  if (!totp || !totp->confirmed_at) return Status{};
  Status status{{Method::totp}, TRY(parts_.factors.count_recovery_codes(tx, user))};
  if (status.recovery_codes > 0) status.methods.push_back(Method::recovery_code);
  return status;
}

Result<Enrolment> Service::begin_totp(core::Tx& tx, const accounts::User& user, const audit::Origin& origin) {
  const auto old = TRY(parts_.factors.lock_totp(tx, user.id));
  if (old && old->confirmed_at) return core::fail(Code::factor_exists);
  const crypto::Secret seed = create_seed(parts_.random);
  TRY(parts_.factors.put_totp(tx, {.user = user.id,
                                   .sealed = parts_.sealer.seal(seed.bytes(), context_of(user.id)),
                                   .auth_epoch = user.auth_epoch,
                                   .created_at = parts_.clock.now()}));
  TRY(parts_.audit.append(tx, {"factor.begun", user.id.value, {}, "totp"}, origin));
  return Enrolment{crypto::Secret(base32_encode(seed.bytes())), otpauth_uri(parts_.config.issuer, user.email, seed)};
}

Result<Result<std::vector<crypto::Secret>>> Service::confirm_totp(core::Tx& tx, const accounts::User& user,
                                                                  const crypto::Secret& code,
                                                                  const audit::Origin& origin) {
  using Codes = Result<std::vector<crypto::Secret>>;
  TRY(parts_.guesses.check(tx, subject_of(user.id)));
  auto factor = TRY(parts_.factors.lock_totp(tx, user.id));
  if (!factor) return Codes(core::fail(Code::otp_invalid));
  if (factor->confirmed_at) return Codes(core::fail(Code::factor_exists));
  const core::Time now = parts_.clock.now();
  // What is void is not guessed at.
  const auto age = std::chrono::abs(now - factor->created_at);
  if (factor->auth_epoch != user.auth_epoch || age >= enrolment_life) return Codes(core::fail(Code::otp_invalid));
  factor->confirmed_at = now;
  const bool right = TRY(accept_totp(tx, std::move(*factor), code));
  if (auto heard = TRY(judge(tx, subject_of(user.id), right)); !heard) {
    TRY(parts_.audit.append(tx, {"factor.refused", user.id.value, {}, "totp"}, origin));
    return Codes(std::unexpected(heard.error()));
  }
  TRY(parts_.audit.append(tx, {"factor.added", user.id.value, {}, "totp"}, origin));
  return Codes(TRY(make_recovery_codes(tx, user.id)));
}

Result<Result<>> Service::verify(core::Tx& tx, const accounts::User& user, Method method, const crypto::Secret& code,
                                 const audit::Origin& origin, std::optional<sessions::SessionId> session) {
  const std::string subject = subject_of(user.id, session);
  // Before a recovery code or a step is used up for nothing; nobody else counts while the user is locked.
  TRY(parts_.guesses.check(tx, subject));
  const bool right = TRY(accept(tx, user, method, code));
  auto heard = TRY(judge(tx, subject, right));
  const std::string_view action = heard ? "factor.proved" : "factor.refused";
  TRY(parts_.audit.append(tx, {std::string(action), user.id.value, {}, std::string(core::to_text(method))}, origin));
  if (heard && method == Method::recovery_code) TRY(tell_of_used_code(tx, user));
  return heard;
}

Result<> Service::tell_of_used_code(core::Tx& tx, const accounts::User& user) {
  const int64_t left = TRY(parts_.factors.count_recovery_codes(tx, user.id));
  const core::Time now = parts_.clock.now();
  return parts_.mail.enqueue(tx, mail::recovery_code_used(parts_.mail.letterhead(), user.email, left, now),
                             now + notice_life);
}

Result<> Service::remove(core::Tx& tx, const accounts::User& user, const audit::Origin& origin) {
  const auto factor = TRY(parts_.factors.lock_totp(tx, user.id));
  if (!factor || !factor->confirmed_at) return core::fail(Code::not_found);
  TRY(parts_.factors.remove_totp(tx, user.id));
  TRY(parts_.factors.put_recovery_codes(tx, user.id, {}));
  TRY(unlock(tx, user.id));
  return parts_.audit.append(tx, {"factor.removed", user.id.value, {}, "totp"}, origin);
}

Result<> Service::remove_since(core::Tx& tx, const accounts::User& user, core::Time since,
                               const audit::Origin& origin) {
  const auto factor = TRY(parts_.factors.lock_totp(tx, user.id));
  if (!factor || !factor->confirmed_at || *factor->confirmed_at < since) return {};
  return remove(tx, user, origin);
}

Result<std::vector<crypto::Secret>> Service::renew_recovery_codes(core::Tx& tx, const accounts::User& user,
                                                                  const audit::Origin& origin) {
  const auto factor = TRY(parts_.factors.lock_totp(tx, user.id));
  if (!factor || !factor->confirmed_at) return core::fail(Code::not_found);
  TRY(parts_.audit.append(tx, {"factor.recovery_codes_renewed", user.id.value, {}, {}}, origin));
  const core::Time now = parts_.clock.now();
  TRY(parts_.mail.enqueue(tx, mail::recovery_codes_replaced(parts_.mail.letterhead(), user.email, now),
                          now + notice_life));
  return make_recovery_codes(tx, user.id);
}

Result<> Service::unlock(core::Tx& tx, accounts::UserId user) { return parts_.guesses.forget(tx, subject_of(user)); }

// Stores the step, and what else the caller changed.
Result<bool> Service::accept_totp(core::Tx& tx, TotpFactor factor, const crypto::Secret& code) {
  const auto seed = TRY(parts_.sealer.open(factor.sealed, context_of(factor.user)));
  const auto step = mfa::accept(seed, code.expose(), parts_.clock.now(), factor.last_step);
  if (!step) return false;
  factor.last_step = *step;
  TRY(parts_.factors.put_totp(tx, factor));
  return true;
}

Result<bool> Service::accept(core::Tx& tx, const accounts::User& user, Method method, const crypto::Secret& code) {
  if (method == Method::recovery_code) {
    const auto read = read_recovery_code(code.expose());
    if (!read) return false;
    return parts_.factors.consume_recovery_code(tx, user.id, hash_recovery_code(parts_.key, user.id, *read));
  }
  auto factor = TRY(parts_.factors.lock_totp(tx, user.id));
  if (!factor || !factor->confirmed_at) return false;
  return accept_totp(tx, std::move(*factor), code);
}

Result<std::vector<crypto::Secret>> Service::make_recovery_codes(core::Tx& tx, accounts::UserId user) {
  std::vector<crypto::Secret> codes;
  std::vector<crypto::Digest256> hashes;
  while (codes.size() < recovery_codes) {
    codes.push_back(create_recovery_code(parts_.random));
    hashes.push_back(hash_recovery_code(parts_.key, user, read_recovery_code(codes.back().expose()).value()));
  }
  TRY(parts_.factors.put_recovery_codes(tx, user, hashes));
  return codes;
}

Result<Result<>> Service::judge(core::Tx& tx, const std::string& subject, bool right) {
  auto heard = TRY(parts_.guesses.judge(tx, subject, right ? limits::Guess::right : limits::Guess::wrong));
  if (!heard || right) return heard;
  return Result<>(core::fail(Code::otp_invalid));
}

}  // namespace mfa
