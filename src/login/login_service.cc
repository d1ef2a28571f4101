#include "login/login_service.h"

namespace login {

using core::Code, core::Result;

namespace {

// More than a password: a second factor, or that the mailbox is his.
bool proved_more(std::string_view amr) { return sessions::lists(amr, "mfa") || sessions::lists(amr, "otp"); }

SecondMethod as_asked(CodeMethod method) {
  switch (method) {
    case CodeMethod::totp:
      return SecondMethod::totp;
    case CodeMethod::recovery_code:
      return SecondMethod::recovery_code;
    case CodeMethod::email_code:
      return SecondMethod::email_code;
  }
  std::unreachable();
}

}  // namespace

Result<SignInOutcome> Service::login(std::string_view text, const crypto::Secret& password,
                                     const devices::Device& device, const audit::Origin& origin, Leaving leaving) {
  TRY(parts_.sessions.check_clock());
  const auto email = accounts::Email::parse(text);
  const auto user = TRY(find_to_sign_in(email));
  if (!TRY(verify_password(user, password)))
    return refuse(email, user, limits::Guess::wrong, Code::invalid_credentials, origin);
  if (user->disabled_at) return refuse(email, user, limits::Guess::right, Code::account_disabled, origin);
  if (user->delete_after && leaving == Leaving::refused)
    return refuse(email, user, limits::Guess::right, Code::account_deletion_pending, origin);
  const std::string new_hash = TRY(stronger_hash(*user, password));
  return complete(user->id, origin, [&](core::Tx& tx) { return admit(tx, *user, new_hash, device, origin); });
}

Result<> Service::record_refusal(const core::Error& error, accounts::UserId user, const audit::Origin& origin) {
  constexpr std::array recorded{Code::session_limit, Code::sign_in_refused, Code::rate_limited};
  if (std::ranges::find(recorded, error.code) == recorded.end()) return {};
  const std::string why = std::string(core::row(error.code).name) + (error.cause.empty() ? "" : ": " + error.cause);
  return parts_.transactor.atomically(
      [&](core::Tx& tx) { return parts_.audit.append(tx, {"login.failed", user.value, {}, why}, origin); });
}

// A password that will not be accepted anyway is not even hashed.
Result<std::optional<accounts::User>> Service::find_to_sign_in(const std::optional<accounts::Email>& email) {
  if (!email) return std::nullopt;
  return parts_.transactor.reading([&](core::Tx& tx) -> Result<std::optional<accounts::User>> {
    TRY(parts_.guesses.check(tx, email->key));
    return find(tx, *email);
  });
}

Result<std::optional<accounts::User>> Service::find(core::Tx& tx, const accounts::Email& email) {
  auto user = TRY(parts_.users.find_by_email(tx, email.key));
  return user && !user->deleted_at ? std::move(user) : std::nullopt;
}

Result<bool> Service::verify_password(const std::optional<accounts::User>& user, const crypto::Secret& password) {
  if (user) return parts_.hasher.verify(user->password_hash, password);
  TRY(parts_.hasher.verify_nothing(password));
  return false;
}

// The refusal that is due, once it is on record.
std::unexpected<core::Error> Service::refuse(const std::optional<accounts::Email>& email,
                                             const std::optional<accounts::User>& user, limits::Guess guess, Code why,
                                             const audit::Origin& origin) {
  const auto subject = user ? std::optional(user->id.value) : std::nullopt;
  const auto judged = parts_.transactor.atomically([&](core::Tx& tx) -> Result<Result<>> {
    auto heard = email ? TRY(parts_.guesses.judge(tx, email->key, guess)) : Result<>{};
    if (email) TRY(parts_.watch.note_try(tx, email->key, origin));
    const Code told = heard ? why : heard.error().code;
    TRY(parts_.audit.append(tx, {"login.failed", subject, {}, std::string(core::row(told).name)}, origin));
    return heard;
  });
  if (!judged) return std::unexpected(judged.error());
  if (!*judged) return std::unexpected(judged->error());
  return core::fail(why);
}

// Empty while the stored one is strong enough.
Result<std::string> Service::stronger_hash(const accounts::User& user, const crypto::Secret& password) {
  if (!parts_.hasher.needs_rehash(user.password_hash)) return "";
  return parts_.hasher.hash(password);
}

// `proved` is the user as the password was compared with: what changed since then voids the sign-in.
Result<Result<SignInOutcome>> Service::admit(core::Tx& tx, const accounts::User& proved, const std::string& new_hash,
                                             const devices::Device& device, const audit::Origin& origin) {
  auto user = TRY(parts_.users.lock(tx, proved.id));
  TRY(parts_.watch.note_try(tx, proved.email_key, origin));
  const auto failures = TRY(parts_.guesses.judge_right(tx, proved.email_key));
  if (!failures) {
    TRY(parts_.audit.append(tx, {"login.failed", proved.id.value, {}, "too_many_attempts"}, origin));
    return Result<SignInOutcome>(std::unexpected(failures.error()));
  }
  TRY(parts_.watch.note_failures(tx, proved.id, *failures));
  if (!user || !user->active() || user->auth_epoch != proved.auth_epoch)
    return Result<SignInOutcome>(core::fail(Code::invalid_credentials));
  if (!user->email_verified_at) {
    TRY(parts_.mailer.send_verification(tx, *user, parts_.clock.now()));
    TRY(parts_.audit.append(tx, {"login.failed", user->id.value, {}, "email_not_verified"}, origin));
    return Result<SignInOutcome>(core::fail(Code::email_not_verified));
  }
  if (!new_hash.empty()) {
    user->password_hash = new_hash;
    TRY(parts_.users.update(tx, *user));
  }
  return TRY(ask_or_create(tx, *std::move(user), "pwd", device, origin));
}

Result<SignInOutcome> Service::ask_or_create(core::Tx& tx, accounts::User user, std::string amr,
                                             const devices::Device& device, const audit::Origin& origin) {
  auto step = TRY(asked_of(tx, user, amr, device, origin));
  if (step.nothing()) return TRY(create_session(tx, std::move(user), std::move(amr), device, origin));
  auto token = TRY(parts_.challenges.begin(tx, user, amr));
  if (step.methods == std::vector{SecondMethod::email_code})
    TRY(parts_.mailer.send_sign_in(tx, user, token, parts_.clock.now()));
  TRY(parts_.audit.append(tx, {"login.factor_asked", user.id.value, {}, {}}, origin));
  const core::Seconds life = parts_.challenges.life();
  std::string number;
  if (step.methods == std::vector{SecondMethod::approval})
    number = TRY(parts_.approvals.ask(tx, user, token, life, device, origin));
  return NeedsFactor{std::move(token), life, std::move(step), std::move(number)};
}

// What is asked for by policy, or else because the sign-in is unusual.
Result<SecondStep> Service::asked_of(core::Tx& tx, const accounts::User& user, std::string_view amr,
                                     const devices::Device& device, const audit::Origin& origin) {
  auto step = TRY(second_step(tx, user.id, amr));
  if (!step.nothing() || !parts_.watch.may_ask() || proved_more(amr)) return step;
  const auto judgement = TRY(judge(tx, user.id, device, origin));
  if (judgement.action == risk::Action::approve && TRY(parts_.approvals.possible(tx, user.id)))
    step.methods = {SecondMethod::approval};
  else if (judgement.action == risk::Action::step_up || judgement.action == risk::Action::approve)
    step.methods = {SecondMethod::email_code};
  return step;
}

Result<risk::Judgement> Service::judge(core::Tx& tx, accounts::UserId user, const devices::Device& device,
                                       const audit::Origin& origin) {
  auto judgement = TRY(parts_.watch.judge(tx, user, device, origin));
  if (judgement.action != risk::Action::block) return judgement;
  return std::unexpected(core::Error{.code = Code::sign_in_refused, .cause = risk::text_of(judgement.signals)});
}

Result<SecondStep> Service::second_step(core::Tx& tx, accounts::UserId user, std::string_view amr) {
  auto step = TRY(second_step_of(tx, user, amr, {parts_.access, parts_.factors, parts_.passkeys, parts_.mfa_config}));
  // Where unusual sign-ins are asked for more, nobody adds the first factor by a password alone.
  if (!step.enrol.empty() && parts_.watch.may_ask() && !proved_more(amr))
    return SecondStep{{SecondMethod::email_code}, {}};
  return step;
}

Result<SignInOutcome> Service::verify_factor(const crypto::Secret& token, CodeMethod method, const crypto::Secret& code,
                                             const devices::Device& device, const audit::Origin& origin) {
  const auto id = TRY(who_waits(token));
  return complete(id, origin,
                  [&](core::Tx& tx) { return admit_by_factor(tx, id, token, method, code, device, origin); });
}

Result<accounts::UserId> Service::who_waits(const crypto::Secret& token) {
  TRY(parts_.sessions.check_clock());
  const auto known = TRY(parts_.transactor.reading([&](core::Tx& tx) { return parts_.challenges.find(tx, token); }));
  if (!known) return core::fail(Code::mfa_token_invalid);
  return known->user;
}

// A refusal is a value of the transaction, so that what is recorded of it is committed.
Result<Result<Waiting>> Service::lock_waiting(core::Tx& tx, accounts::UserId id, const crypto::Secret& token,
                                              const audit::Origin& origin) {
  auto user = TRY(parts_.users.lock(tx, id));
  // Once the user is locked, or it may be used by another meanwhile.
  auto challenge = TRY(parts_.challenges.find(tx, token));
  if (user && challenge && user->active() && user->auth_epoch == challenge->auth_epoch) {
    // Too many wrong passwords since stop what began before them, too.
    TRY(parts_.guesses.check(tx, user->email_key));
    return Result<Waiting>(Waiting{*std::move(user), std::move(challenge->amr)});
  }
  TRY(parts_.audit.append(tx, {"login.failed", id.value, {}, "mfa_token_invalid"}, origin));
  return Result<Waiting>(core::fail(Code::mfa_token_invalid));
}

// A refusal that is recorded or counted is a value of the transaction, so that it is committed.
Result<Result<SignInOutcome>> Service::admit_by_factor(core::Tx& tx, accounts::UserId id, const crypto::Secret& token,
                                                       CodeMethod method, const crypto::Secret& code,
                                                       const devices::Device& device, const audit::Origin& origin) {
  auto waiting = TRY(lock_waiting(tx, id, token, origin));
  if (!waiting) return Result<SignInOutcome>(std::unexpected(waiting.error()));
  const auto asked = TRY(asked_of(tx, waiting->user, waiting->amr, device, origin)).methods;
  if (std::ranges::find(asked, as_asked(method)) == asked.end()) return core::fail(Code::factor_not_allowed);
  auto proved = TRY(prove(tx, waiting->user, token, method, code, origin));
  if (!proved) return Result<SignInOutcome>(std::unexpected(proved.error()));
  TRY(parts_.challenges.consume(tx, token));
  return Result<SignInOutcome>(
      TRY(ask_or_create(tx, std::move(waiting->user), with_proof(waiting->amr, *proved), device, origin)));
}

// What was proved by it (RFC 8176).
Result<Result<std::string>> Service::prove(core::Tx& tx, const accounts::User& user, const crypto::Secret& token,
                                           CodeMethod method, const crypto::Secret& code, const audit::Origin& origin) {
  if (method != CodeMethod::email_code) {
    const auto factor = method == CodeMethod::totp ? mfa::Method::totp : mfa::Method::recovery_code;
    if (auto heard = TRY(parts_.factors.verify(tx, user, factor, code, origin)); !heard)
      return Result<std::string>(std::unexpected(heard.error()));
    return Result<std::string>(std::string(mfa::amr_of(factor)));
  }
  const auto purpose = verification::Purpose::sign_in;
  const auto outcome = TRY(parts_.codes.consume(tx, user.id, purpose, code, parts_.clock.now(), token.expose()));
  if (outcome == verification::Outcome::accepted) return Result<std::string>("otp");
  TRY(parts_.audit.append(tx, {"user.code_refused", user.id.value, {}, {}}, origin));
  return Result<std::string>(core::fail(Code::otp_invalid));
}

Result<SignedIn> Service::complete_approved(const crypto::Secret& token, const devices::Device& device,
                                            const audit::Origin& origin) {
  const auto id = TRY(who_waits(token));
  return complete(id, origin, [&](core::Tx& tx) { return admit_approved(tx, id, token, device, origin); });
}

// A denial is a value of the transaction, so that the token stays used up.
Result<Result<SignedIn>> Service::admit_approved(core::Tx& tx, accounts::UserId id, const crypto::Secret& token,
                                                 devices::Device device, const audit::Origin& origin) {
  auto waiting = TRY(lock_waiting(tx, id, token, origin));
  if (!waiting) return Result<SignedIn>(std::unexpected(waiting.error()));
  const auto approval = TRY(parts_.approvals.find(tx, token));
  if (!approval) return core::fail(Code::factor_not_allowed);
  if (approval->state == risk::ApprovalState::waiting) return core::fail(Code::approval_pending);
  TRY(parts_.challenges.consume(tx, token));
  if (approval->state == risk::ApprovalState::approved) {
    device.name = approval->device;  // what was approved is what is listed, whatever it calls itself by now
    return Result<SignedIn>(TRY(create_session(tx, std::move(waiting->user), std::move(waiting->amr), device, origin)));
  }
  TRY(parts_.audit.append(tx, {"login.failed", id.value, {}, "approval_denied"}, origin));
  return Result<SignedIn>(core::fail(Code::approval_denied));
}

Result<SignedIn> Service::create_session(core::Tx& tx, accounts::User user, std::string amr,
                                         const devices::Device& device, const audit::Origin& origin) {
  const auto judgement = TRY(judge(tx, user.id, device, origin));
  if (user.delete_after) TRY(restore(tx, user, origin));
  auto issued = TRY(parts_.sessions.create(tx, user.id, device, std::move(amr), origin));
  TRY(parts_.watch.accept(tx, user, issued.session, judgement, origin));
  return give_out(tx, std::move(user), std::move(issued));
}

Result<> Service::restore(core::Tx& tx, accounts::User& user, const audit::Origin& origin) {
  // As it is now: a factor that this sign-in added has voided others.
  if (auto current = TRY(parts_.users.lock(tx, user.id))) user = *std::move(current);
  user.delete_after.reset();
  TRY(parts_.users.update(tx, user));
  TRY(parts_.outbox.announce(tx, {changes::Kind::user, user.id.value}));
  return parts_.audit.append(tx, {"user.restored", user.id.value, {}, {}}, origin);
}

Result<SignedIn> Service::give_out(core::Tx& tx, accounts::User user, sessions::Issued issued) {
  auto grants = TRY(parts_.access.grants_of(tx, user.id, parts_.clock.now()));
  return SignedIn{std::move(issued.session), {}, std::move(issued.refresh_token), std::move(user), std::move(grants)};
}

Result<SignInOutcome> Service::verify_email(std::string_view text, const crypto::Secret& otp,
                                            const devices::Device& device, const audit::Origin& origin) {
  const auto email = accounts::Email::parse(text);
  const auto known =
      email ? TRY(parts_.transactor.reading([&](core::Tx& tx) { return find(tx, *email); })) : std::nullopt;
  const core::Time now = parts_.clock.now();
  return complete(
      known ? std::optional(known->id) : std::nullopt, origin, [&](core::Tx& tx) -> Result<Result<SignInOutcome>> {
        const auto refused = [&]() -> Result<Result<SignInOutcome>> {
          // Also for nobody, so that each call commits once.
          const auto subject = known ? std::optional(known->id.value) : std::nullopt;
          TRY(parts_.audit.append(tx, {"user.code_refused", subject, {}, {}}, origin));
          return Result<SignInOutcome>(core::fail(Code::otp_invalid));
        };
        if (!known) return refused();
        auto user = TRY(parts_.users.lock(tx, known->id));
        if (!user || !user->stays()) return refused();
        const auto code = TRY(parts_.codes.consume(tx, user->id, verification::Purpose::verify_email, otp, now));
        if (code == verification::Outcome::refused) return refused();
        user->email_verified_at = now;
        TRY(parts_.users.update(tx, *user));
        TRY(parts_.guesses.forget(tx, user->email_key));
        TRY(parts_.audit.append(tx, {"user.email_verified", user->id.value, {}, {}}, origin));
        TRY(parts_.outbox.announce(tx, {changes::Kind::user, user->id.value}));
        return Result<SignInOutcome>(TRY(ask_or_create(tx, *std::move(user), "otp", device, origin)));
      });
}

Result<SignedIn> Service::refresh(const crypto::Secret& refresh_token, std::string_view family,
                                  const audit::Origin& origin) {
  auto fresh = TRY(rotate(refresh_token, family, origin));
  if (fresh.user.active() && !fresh.address_before.empty() && judges_moves())
    TRY(parts_.transactor.atomically(
        [&](core::Tx& tx) { return parts_.watch.moved(tx, fresh.user, fresh.session, fresh.address_before, origin); }));
  auto grants = TRY(parts_.access.grants_of(fresh.user.id, fresh.roles));
  return give_refreshed(std::move(fresh), std::move(grants));
}

// Whatever is left to refresh(), it answers a token that was rotated already with the same successor.
void Service::begin_refresh(const crypto::Secret& refresh_token, std::string family, audit::Origin origin, Then then) {
  const auto moves = judges_moves() ? sessions::Moves::alone : sessions::Moves::together;
  parts_.sessions.begin_refresh(
      refresh_token, std::move(family), std::move(origin), moves,
      [this, then = std::move(then)](std::optional<Result<sessions::Refreshed>> fresh) mutable {
        if (!fresh) return then(std::nullopt);
        if (!*fresh) {
          if (fresh->error().code == Code::session_ended) return then(std::nullopt);  // rotate() asks why
          return then(std::unexpected(std::move(*fresh).error()));
        }
        auto grants = parts_.access.grants_if_known((*fresh)->roles);
        if (!grants) return then(std::nullopt);
        then(give_refreshed(**std::move(fresh), *std::move(grants)));
      });
}

bool Service::judges_moves() const { return parts_.watch.rules().on(risk::Signal::second_network); }

Result<SignedIn> Service::give_refreshed(sessions::Refreshed fresh, roles::Grants grants) {
  parts_.checker.forget_text(fresh.user.id, fresh.session.id);
  if (!fresh.user.active()) return core::fail(Code::account_disabled);
  return with_access_token({.session = std::move(fresh.session),
                            .refresh_token = std::move(fresh.refresh_token),
                            .user = std::move(fresh.user),
                            .grants = std::move(grants)});
}

Result<sessions::Refreshed> Service::rotate(const crypto::Secret& refresh_token, std::string_view family,
                                            const audit::Origin& origin) {
  auto issued = parts_.sessions.refresh(refresh_token, family, origin);
  if (issued || issued.error().code != Code::session_ended) return issued;
  const auto reason = core::from_text<sessions::EndReason>(issued.error().reason);
  // A session that looks idle may have been used a moment ago, which only memory knows yet.
  if (reason == sessions::EndReason::idle) {
    TRY(parts_.checker.write_touches());
    return parts_.sessions.refresh(refresh_token, family, origin);
  }
  const auto token = tokens::RefreshToken::parse(refresh_token.expose());
  if (reason == sessions::EndReason::account_disabled && token &&
      TRY(parts_.checker.is_of_disabled_user(sessions::SessionId{token->session})))
    issued.error().code = Code::account_disabled;
  return issued;
}

// No access token is good for longer than its session: whoever verifies it offline does not ask.
Result<SignedIn> Service::with_access_token(SignedIn signed_in) {
  const core::Time now = parts_.clock.now();
  signed_in.access_lifetime = sessions::life_of_token(parts_.token_config.access_ttl, signed_in.session,
                                                      parts_.session_config.lifetimes(signed_in.grants.roles), now);
  signed_in.access_token =
      TRY(tokens::issue_access_token(*parts_.keys.current(), parts_.token_config,
                                     {.user = signed_in.user.id.value,
                                      .session = signed_in.session.id.value,
                                      .id = parts_.random.uuid7(now),
                                      .issued_at = now,
                                      .expires_at = now + signed_in.access_lifetime,
                                      .authenticated_at = sessions::proved_at(signed_in.session).value_or(core::Time{}),
                                      .amr = sessions::methods_of(signed_in.session.amr),
                                      .aal = sessions::assurance_level(signed_in.session.amr),
                                      .actor = signed_in.actor}));
  return signed_in;
}

Result<SignInOutcome> Service::with_access_token(SignInOutcome outcome) {
  if (auto* signed_in = std::get_if<SignedIn>(&outcome)) return TRY(with_access_token(std::move(*signed_in)));
  return outcome;
}

Result<> Service::logout(accounts::UserId user, sessions::SessionId session, const audit::Origin& origin) {
  TRY(parts_.transactor.atomically(
      [&](core::Tx& tx) { return parts_.sessions.end(tx, user, session, sessions::EndReason::logout, origin); }));
  return {};
}

Result<int64_t> Service::logout_all(accounts::UserId id, std::optional<sessions::SessionId> except,
                                    const audit::Origin& origin) {
  return parts_.transactor.atomically([&](core::Tx& tx) -> Result<int64_t> {
    auto user = TRY(parts_.users.lock(tx, id));
    if (!user) return core::fail(Code::not_found);
    ++user->auth_epoch;
    TRY(parts_.users.update(tx, *user));
    return parts_.sessions.end_all(tx, id, sessions::EndReason::logout_all, except, origin);
  });
}

}  // namespace login
