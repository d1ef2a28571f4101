#include "passwords/password_service.h"

#include "accounts/email.h"
#include "passwords/policy.h"

namespace passwords {

using core::Code, core::Result, verification::Purpose;

Result<> Service::forgot(std::string_view text, const audit::Origin& origin) {
  const auto email = accounts::Email::parse(text);
  if (!email) return core::fail_field("email", "invalid_email", "must be an e-mail address");
  return parts_.transactor.atomically([&](core::Tx& tx) -> Result<> {
    const auto user = TRY(parts_.users.find_by_email(tx, email->key));
    if (user && user->active()) TRY(send_reset_code(tx, *user));
    // Also for nobody, so that each call commits once: a commit waits for the disk, which can be noticed from outside.
    const auto subject = user ? std::optional(user->id.value) : std::nullopt;
    return parts_.audit.append(tx, {"password.reset_requested", subject, {}, {}}, origin);
  });
}

// Unless one was sent a moment ago.
Result<> Service::send_reset_code(core::Tx& tx, const accounts::User& user) {
  const core::Time now = parts_.clock.now();
  const auto code = TRY(parts_.codes.issue(tx, user.id, Purpose::reset_password, now));
  if (!code) return {};
  const auto life = parts_.codes.rules().life;
  return parts_.mail.enqueue(tx, mail::password_reset_code(parts_.mail.letterhead(), user.email, *code, life),
                             now + life);
}

Result<int64_t> Service::demand_reset(core::Tx& tx, accounts::User user, sessions::EndReason reason,
                                      const audit::Origin& origin) {
  user.password_hash.clear();
  ++user.auth_epoch;
  TRY(parts_.users.update(tx, user));
  TRY(parts_.outbox.announce(tx, {changes::Kind::user, user.id.value}));
  if (user.active()) TRY(tell_reset_demanded(tx, user));
  return parts_.sessions.end_all(tx, user.id, reason, std::nullopt, origin);
}

// Also without a new code, when one was sent a moment ago: what happened is told in any case.
Result<> Service::tell_reset_demanded(core::Tx& tx, const accounts::User& user) {
  const core::Time now = parts_.clock.now();
  const auto code = TRY(parts_.codes.issue(tx, user.id, Purpose::reset_password, now));
  return parts_.mail.enqueue(
      tx, mail::password_reset_demanded(parts_.mail.letterhead(), user.email, code, parts_.codes.rules().life),
      now + std::chrono::days(1));
}

Result<int64_t> Service::reset(std::string_view text, const crypto::Secret& otp, const crypto::Secret& password,
                               const audit::Origin& origin) {
  const auto email = accounts::Email::parse(text);
  if (!email) return core::fail(Code::otp_invalid);
  TRY(passwords::check(password, {email->address, "", ""}, parts_.config.min_strength, "newPassword"));
  TRY(parts_.breaches.check(password, "newPassword"));
  const std::string hash = TRY(parts_.hasher.hash(password));
  // A refused code is a value of the transaction, so that the try is committed.
  return TRY(parts_.transactor.atomically([&](core::Tx& tx) -> Result<Result<int64_t>> {
    const auto found = TRY(parts_.users.find_by_email(tx, email->key));
    const auto refused = [&]() -> Result<Result<int64_t>> {
      const auto subject = found ? std::optional(found->id.value) : std::nullopt;
      TRY(parts_.audit.append(tx, {"password.reset_refused", subject, {}, {}}, origin));
      return Result<int64_t>(core::fail(Code::otp_invalid));
    };
    if (!found) return refused();
    auto user = TRY(parts_.users.lock(tx, found->id));
    if (!user || !user->active()) return refused();
    const auto outcome = TRY(parts_.codes.consume(tx, user->id, Purpose::reset_password, otp, parts_.clock.now()));
    if (outcome == verification::Outcome::refused) return refused();
    TRY(check_policy(password, *user));
    // The code came by mail: the address is proved.
    if (!user->email_verified_at) user->email_verified_at = parts_.clock.now();
    TRY(parts_.codes.discard(tx, user->id, Purpose::verify_email));
    // Codes that a stranger asked for by the old password keep the owner waiting no longer.
    TRY(parts_.codes.forget(tx, user->id));
    TRY(parts_.guesses.forget(tx, user->email_key));
    return store(tx, std::move(*user), hash, sessions::Event::password_reset, std::nullopt, origin);
  }));
}

Result<int64_t> Service::change(accounts::UserId id, sessions::SessionId current_session, const crypto::Secret& current,
                                const crypto::Secret& password, const audit::Origin& origin) {
  const auto user = TRY(prove(id, current, "currentPassword", origin));
  TRY(check_policy(password, user));
  TRY(parts_.breaches.check(password, "newPassword"));
  const std::string hash = TRY(parts_.hasher.hash(password));
  return parts_.transactor.atomically([&](core::Tx& tx) -> Result<int64_t> {
    auto locked = TRY(parts_.users.lock(tx, id));
    if (!locked || locked->auth_epoch != user.auth_epoch) return core::fail(Code::conflict);
    TRY(parts_.codes.discard(tx, id, Purpose::reset_password));
    return store(tx, std::move(*locked), hash, sessions::Event::password_changed, current_session, origin);
  });
}

Result<accounts::User> Service::prove(accounts::UserId id, const crypto::Secret& password, std::string_view field,
                                      const audit::Origin& origin) {
  auto user = TRY(find_to_prove(id));
  if (!user || !user->active()) return core::fail(Code::account_disabled);
  TRY(judge(*user, TRY(parts_.hasher.verify(user->password_hash, password)), field, origin));
  return *std::move(user);
}

// Before anything else is decided, whose outcome would tell a guess that comes too late that it was right.
Result<> Service::judge(const accounts::User& user, bool right, std::string_view field, const audit::Origin& origin) {
  TRY(TRY(parts_.transactor.atomically([&](core::Tx& tx) -> Result<Result<>> {
    auto heard = TRY(parts_.guesses.judge(tx, user.email_key, right ? limits::Guess::right : limits::Guess::wrong));
    if (right && heard) return heard;
    TRY(parts_.audit.append(tx, {"password.refused", user.id.value, {}, {}}, origin));
    return heard;
  })));
  if (right) return {};
  return core::fail_field(std::string(field), "wrong_password", "is not the current password", Code::wrong_password);
}

Result<std::optional<accounts::User>> Service::find_to_prove(accounts::UserId id) {
  return parts_.transactor.reading([&](core::Tx& tx) -> Result<std::optional<accounts::User>> {
    auto user = TRY(parts_.users.find(tx, id));
    if (user) TRY(parts_.guesses.check(tx, user->email_key));
    return user;
  });
}

Result<int64_t> Service::store(core::Tx& tx, accounts::User user, std::string hash, sessions::Event event,
                               std::optional<sessions::SessionId> current, const audit::Origin& origin) {
  const auto* action = event == sessions::Event::password_reset ? "password.reset" : "password.changed";
  user.password_hash = std::move(hash);
  ++user.auth_epoch;
  TRY(parts_.users.update(tx, user));
  TRY(parts_.audit.append(tx, {action, user.id.value, {}, {}}, origin));
  const core::Time now = parts_.clock.now();
  TRY(parts_.mail.enqueue(tx, mail::password_changed(parts_.mail.letterhead(), user.email, now),
                          now + std::chrono::days(1)));
  TRY(parts_.outbox.announce(tx, {changes::Kind::user, user.id.value}));
  return parts_.sessions.react(tx, event, user.id, current, origin);
}

Result<> Service::check_policy(const crypto::Secret& password, const accounts::User& user) const {
  return passwords::check(password, {user.email, user.first_name, user.last_name}, parts_.config.min_strength,
                          "newPassword");
}

}  // namespace passwords
