#include "login/invited.h"

#include "passwords/policy.h"

namespace login {

using accounts::User, core::Code, core::Result, invitations::Invitation;

Result<SignInOutcome> Invited::accept(const Acceptance& acceptance, const devices::Device& device,
                                      const audit::Origin& origin) {
  // Before a password is hashed for anybody.
  const auto invitation = TRY(parts_.invitations.find(acceptance.token));
  if (!invitation) return core::fail(Code::invitation_invalid);
  auto asked = TRY(described(*invitation, acceptance));
  TRY(passwords::check(acceptance.password, {asked.email, asked.first_name, asked.last_name},
                       parts_.passwords.min_strength, "password"));
  TRY(parts_.breaches.check(acceptance.password, "password"));
  asked.password_hash = TRY(parts_.hasher.hash(acceptance.password));
  return parts_.login.complete(asked.id, origin,
                               [&](core::Tx& tx) { return admit(tx, acceptance.token, asked, device, origin); });
}

Result<User> Invited::described(const Invitation& invitation, const Acceptance& acceptance) {
  const core::Time now = parts_.clock.now();
  User user{.id = parts_.random.id<accounts::UserId>(now),
            .email = invitation.email,
            .email_key = invitation.email_key,
            .first_name = acceptance.first_name.value_or(invitation.first_name),
            .last_name = acceptance.last_name.value_or(invitation.last_name),
            .email_verified_at = now,
            .created_at = now};
  if (user.first_name.empty()) return core::fail_field("firstName", "required", "must be there: nobody said it before");
  if (user.last_name.empty()) return core::fail_field("lastName", "required", "must be there: nobody said it before");
  return user;
}

// What is refused once the token is used is a value of the transaction, so that it stays used.
Result<Result<SignInOutcome>> Invited::admit(core::Tx& tx, const crypto::Secret& token, User asked,
                                             const devices::Device& device, const audit::Origin& origin) {
  const auto invitation = TRY(parts_.invitations.claim(tx, token));
  if (!invitation || invitation->email_key != asked.email_key)
    return Result<SignInOutcome>(core::fail(Code::invitation_invalid));
  if (!TRY(store(tx, asked, origin))) return Result<SignInOutcome>(core::fail(Code::email_taken));
  TRY(parts_.access.give_first(tx, asked.id, invitation->roles, {.actor = invitation->invited_by.value}));
  TRY(parts_.audit.append(tx, {"invitation.accepted", asked.id.value, {}, invitation->id.str()}, origin));
  return Result<SignInOutcome>(TRY(parts_.login.ask_or_create(tx, std::move(asked), "otp", device, origin)));
}

// False when the address has an account that somebody proved to be his.
Result<bool> Invited::store(core::Tx& tx, User& asked, const audit::Origin& origin) {
  const auto found = TRY(parts_.users.find_by_email(tx, asked.email_key));
  if (!found) {
    if (!TRY(parts_.users.create(tx, asked))) return false;
    TRY(parts_.access.assign_default(tx, asked.id));
    TRY(parts_.audit.append(tx, {"user.registered", asked.id.value, {}, "invited"}, origin));
    return true;
  }
  auto user = TRY(parts_.users.lock(tx, found->id));
  if (!user || !user->active() || user->email_verified_at) return false;
  user->first_name = asked.first_name;
  user->last_name = asked.last_name;
  user->password_hash = asked.password_hash;
  user->email_verified_at = asked.email_verified_at;
  ++user->auth_epoch;
  TRY(parts_.users.update(tx, *user));
  TRY(parts_.codes.discard_all(tx, user->id));
  asked = *std::move(user);
  return true;
}

}  // namespace login
