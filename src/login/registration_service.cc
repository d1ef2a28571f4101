#include "login/registration_service.h"

#include "accounts/email.h"
#include "passwords/policy.h"

namespace login {

using core::Result;

Result<std::string> Registration::register_account(const NewAccount& account, const audit::Origin& origin) {
  const auto email = accounts::Email::parse(account.email);
  if (!email) return core::fail_field("email", "invalid_email", "must be an e-mail address");
  TRY(passwords::check(account.password, {email->address, account.first_name, account.last_name},
                       parts_.passwords.min_strength, "password"));
  TRY(parts_.breaches.check(account.password, "password"));
  const core::Time now = parts_.clock.now();
  accounts::User asked{.id = parts_.random.id<accounts::UserId>(now),
                       .email = email->address,
                       .email_key = email->key,
                       .first_name = account.first_name,
                       .last_name = account.last_name,
                       .account_type = account.account_type,
                       .password_hash = TRY(parts_.hasher.hash(account.password)),
                       .created_at = now};
  TRY(parts_.transactor.atomically([&](core::Tx& tx) -> Result<> {
    const auto existing = TRY(parts_.users.find_by_email(tx, email->key));
    return existing ? meet_existing(tx, existing->id, asked, origin) : create(tx, asked, origin);
  }));
  return email->address;
}

Result<> Registration::create(core::Tx& tx, accounts::User user, const audit::Origin& origin) {
  // Somebody registers the same address at this moment: the answer is the same, and the other one's mail is on its way.
  if (!TRY(parts_.users.create(tx, user))) return {};
  TRY(parts_.access.assign_default(tx, user.id));
  TRY(parts_.audit.append(tx, {"user.registered", user.id.value, {}, {}}, origin));
  TRY(parts_.mailer.send_verification(tx, user, user.created_at));
  return {};
}

Result<> Registration::meet_existing(core::Tx& tx, accounts::UserId id, const accounts::User& asked,
                                     const audit::Origin& origin) {
  // Each case is written down: a commit waits for the disk, and its absence would tell that there is an account.
  const auto refuse = [&](std::string why) {
    return parts_.audit.append(tx, {"user.registration_refused", id.value, {}, std::move(why)}, origin);
  };
  auto user = TRY(parts_.users.lock(tx, id));
  if (!user || !user->active()) return refuse("not active");
  if (user->email_verified_at) {
    TRY(parts_.mailer.send_already_registered(tx, *user, asked.created_at));
    return refuse("known");
  }
  // A code that was mailed belongs to what was registered with it, so nothing is replaced without a new code.
  if (TRY(parts_.mailer.send_verification(tx, *user, asked.created_at)) == Sent::too_soon) return refuse("too soon");
  user->first_name = asked.first_name;
  user->last_name = asked.last_name;
  user->account_type = asked.account_type;
  user->password_hash = asked.password_hash;
  ++user->auth_epoch;
  TRY(parts_.users.update(tx, *user));
  return parts_.audit.append(tx, {"user.registered", id.value, {}, "again"}, origin);
}

Result<> Registration::resend(std::string_view text, const audit::Origin& origin) {
  const auto email = accounts::Email::parse(text);
  if (!email) return core::fail_field("email", "invalid_email", "must be an e-mail address");
  return parts_.transactor.atomically([&](core::Tx& tx) -> Result<> {
    const auto user = TRY(parts_.users.find_by_email(tx, email->key));
    if (user && user->active() && !user->email_verified_at)
      TRY(parts_.mailer.send_verification(tx, *user, parts_.clock.now()));
    // Also for nobody, so that each call commits once.
    const auto subject = user ? std::optional(user->id.value) : std::nullopt;
    return parts_.audit.append(tx, {"user.code_requested", subject, {}, {}}, origin);
  });
}

}  // namespace login
