#include "self/email_change.h"

namespace self {

using accounts::Email, accounts::User, accounts::UserId, core::Code, core::Result;
using verification::Outcome, verification::Purpose;

namespace {

// A code opens this change alone.
std::string about(std::string_view old_key, std::string_view new_key) {
  return std::string(old_key) + '\0' + std::string(new_key);
}

}  // namespace

Result<> EmailChange::ask(UserId id, std::string_view text, const crypto::Secret& password,
                          const audit::Origin& origin) {
  const auto email = Email::parse(text);
  if (!email) return core::fail_field("newEmail", "invalid_email", "must be an e-mail address");
  const auto proved = TRY(parts_.passwords.prove(id, password, "password", origin));
  if (email->key == proved.email_key) return core::fail_field("newEmail", "unchanged", "is the account's already");
  return parts_.transactor.atomically([&](core::Tx& tx) -> Result<> {
    const auto user = TRY(lock(tx, id));
    if (user.auth_epoch != proved.auth_epoch) return core::fail(Code::conflict);
    return mail_codes(tx, user, *email, origin);
  });
}

Result<User> EmailChange::lock(core::Tx& tx, UserId id) {
  auto user = TRY(parts_.users.lock(tx, id));
  if (!user || !user->active()) return core::fail(Code::account_disabled);
  return *std::move(user);
}

Result<> EmailChange::mail_codes(core::Tx& tx, const User& user, const Email& email, const audit::Origin& origin) {
  const core::Time now = parts_.clock.now();
  const auto bound = about(user.email_key, email.key);
  const auto current_code = TRY(parts_.codes.demand(tx, user.id, Purpose::change_email_old, now, bound));
  const auto new_code = TRY(parts_.codes.demand(tx, user.id, Purpose::change_email_new, now, bound));
  const auto life = parts_.codes.rules().life;
  TRY(parts_.mail.enqueue(tx, mail::email_change_code_old(parts_.mail.letterhead(), user.email, current_code, life),
                          now + life));
  const bool mailed = TRY(mail_to_new(tx, email, new_code));
  TRY(parts_.changes.put(tx, {.user = user.id,
                              .email = email.address,
                              .email_key = email.key,
                              .old_key = user.email_key,
                              .auth_epoch = user.auth_epoch,
                              .asked_at = now,
                              .mailed_at = mailed ? std::optional(now) : std::nullopt}));
  return parts_.audit.append(tx, {"user.email_change_asked", user.id.value, {}, {}}, origin);
}

// Whether it got the code. The answer is the same for an address that has an account: without its code nothing happens.
Result<bool> EmailChange::mail_to_new(core::Tx& tx, const Email& email, const crypto::Secret& code) {
  const core::Time now = parts_.clock.now();
  const auto& rules = parts_.codes.rules();
  if (const auto owner = TRY(parts_.users.find_by_email(tx, email.key))) {
    TRY(tell_owner(tx, *owner));
    return false;
  }
  if (TRY(parts_.changes.mailed_after(tx, email.key, now - rules.cool_down))) return false;
  TRY(parts_.mail.enqueue(tx, mail::email_change_code_new(parts_.mail.letterhead(), email.address, code, rules.life),
                          now + rules.life));
  return true;
}

// At most once in a while, as he is told of registrations.
Result<> EmailChange::tell_owner(core::Tx& tx, const User& owner) {
  const core::Time now = parts_.clock.now();
  if (!owner.active() || !TRY(parts_.codes.issue(tx, owner.id, Purpose::notice, now))) return {};
  return parts_.mail.enqueue(tx, mail::email_in_use(parts_.mail.letterhead(), owner.email), now + std::chrono::days(1));
}

// A refused code is a value of the transaction, so that the try is committed.
Result<EmailChanged> EmailChange::confirm(UserId id, sessions::SessionId current, const crypto::Secret& current_code,
                                          const crypto::Secret& new_code, const audit::Origin& origin) {
  return TRY(parts_.transactor.atomically([&](core::Tx& tx) -> Result<Result<EmailChanged>> {
    auto user = TRY(lock(tx, id));
    const auto pending = TRY(parts_.changes.find(tx, id));
    if (TRY(proved(tx, user, pending, current_code, new_code)))
      return change(tx, std::move(user), *pending, current, origin);
    TRY(parts_.audit.append(tx, {"user.code_refused", id.value, {}, {}}, origin));
    return Result<EmailChanged>(core::fail(Code::otp_invalid));
  }));
}

// Both codes are tried, whichever is wrong: the answer tells of neither.
Result<bool> EmailChange::proved(core::Tx& tx, const User& user, const std::optional<PendingEmail>& pending,
                                 const crypto::Secret& current_code, const crypto::Secret& new_code) {
  if (!pending || pending->auth_epoch != user.auth_epoch || pending->old_key != user.email_key) return false;
  const core::Time now = parts_.clock.now();
  const auto bound = about(pending->old_key, pending->email_key);
  const auto by_old = TRY(parts_.codes.compare(tx, user.id, Purpose::change_email_old, current_code, now, bound));
  const auto by_new = TRY(parts_.codes.compare(tx, user.id, Purpose::change_email_new, new_code, now, bound));
  return by_old == Outcome::accepted && by_new == Outcome::accepted;
}

// Codes that went to the old address open nothing any more.
Result<Result<EmailChanged>> EmailChange::change(core::Tx& tx, User user, const PendingEmail& pending,
                                                 sessions::SessionId current, const audit::Origin& origin) {
  TRY(parts_.codes.discard_all(tx, user.id));
  TRY(parts_.changes.remove(tx, user.id));
  const std::string old = std::exchange(user.email, pending.email);
  user.email_key = pending.email_key;
  const core::Time now = parts_.clock.now();
  user.email_verified_at = now;
  ++user.auth_epoch;
  if (!TRY(parts_.users.update(tx, user))) {
    TRY(parts_.audit.append(tx, {"user.email_change_refused", user.id.value, {}, "email_taken"}, origin));
    return Result<EmailChanged>(core::fail(Code::email_taken));
  }
  TRY(parts_.audit.append(tx, {"user.email_changed", user.id.value, {}, {}}, origin));
  TRY(parts_.outbox.announce(tx, {changes::Kind::user, user.id.value}));
  for (const std::string& address : {old, user.email})
    TRY(parts_.mail.enqueue(tx, mail::email_changed(parts_.mail.letterhead(), address, now),
                            now + std::chrono::days(1)));
  const int64_t revoked = TRY(parts_.sessions.react(tx, sessions::Event::email_changed, user.id, current, origin));
  return Result<EmailChanged>(EmailChanged{std::move(user.email), revoked});
}

Result<int64_t> EmailChange::prune(core::Tx& tx, int64_t limit) {
  return parts_.changes.prune(tx, parts_.clock.now() - std::chrono::hours(1), limit);
}

}  // namespace self
