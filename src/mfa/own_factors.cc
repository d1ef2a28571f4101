#include "mfa/own_factors.h"

#include "mail/templates.h"
#include "mfa/policy.h"

namespace mfa {

using core::Code, core::Result;
using Codes = std::vector<crypto::Secret>;

Result<Status> OwnFactors::status(accounts::UserId user) {
  return parts_.transactor.reading([&](core::Tx& tx) { return parts_.factors.status_of(tx, user); });
}

// Whoever acts on what he compared before says which auth_epoch it had.
Result<accounts::User> OwnFactors::lock(core::Tx& tx, accounts::UserId id, std::optional<int64_t> auth_epoch) {
  auto user = TRY(parts_.users.lock(tx, id));
  if (!user || !user->active()) return core::fail(Code::account_disabled);
  if (auth_epoch && user->auth_epoch != *auth_epoch) return core::fail(Code::conflict);
  return *std::move(user);
}

Result<Enrolment> OwnFactors::begin_totp(accounts::UserId id, const crypto::Secret& password,
                                         const audit::Origin& origin) {
  const auto proved = TRY(parts_.passwords.prove(id, password, "password", origin));
  return parts_.transactor.atomically([&](core::Tx& tx) -> Result<Enrolment> {
    const auto user = TRY(lock(tx, id, proved.auth_epoch));
    const auto policy = TRY(policy_of(tx, id, parts_.config, parts_.access));
    if (policy == Policy::off || policy == Policy::phishing_resistant) return core::fail(Code::factor_not_allowed);
    return parts_.factors.begin_totp(tx, user, origin);
  });
}

Result<Confirmed> OwnFactors::confirm_totp(accounts::UserId id, sessions::SessionId current, const crypto::Secret& code,
                                           const audit::Origin& origin) {
  return TRY(parts_.transactor.atomically([&](core::Tx& tx) -> Result<Result<Confirmed>> {
    return confirm_totp(tx, TRY(lock(tx, id)), current, code, origin);
  }));
}

Result<Result<Confirmed>> OwnFactors::confirm_totp(core::Tx& tx, accounts::User user,
                                                   std::optional<sessions::SessionId> current,
                                                   const crypto::Secret& code, const audit::Origin& origin) {
  auto codes = TRY(parts_.factors.confirm_totp(tx, user, code, origin));
  if (!codes) return Result<Confirmed>(std::unexpected(codes.error()));
  TRY(tell(tx, mail::second_factor_added(parts_.mail.letterhead(), user.email, parts_.clock.now())));
  const int64_t revoked = TRY(react(tx, sessions::Event::factor_added, std::move(user), current, origin));
  return Result<Confirmed>(Confirmed{*std::move(codes), revoked});
}

// A refused code is a value of the transaction, so that the try is committed.
template <class T, class F>
Result<T> OwnFactors::with_proof(accounts::UserId id, const Proof& proof, const audit::Origin& origin, F&& act) {
  const auto proved = TRY(parts_.passwords.prove(id, proof.password, "password", origin));
  return TRY(parts_.transactor.atomically([&](core::Tx& tx) -> Result<Result<T>> {
    auto user = TRY(lock(tx, id, proved.auth_epoch));
    // Else wrong tries would be counted of what he does not have.
    if (TRY(parts_.factors.status_of(tx, id)).methods.empty()) return core::fail(Code::not_found);
    auto heard = TRY(parts_.factors.verify(tx, user, proof.method, proof.code, origin));
    if (!heard) return Result<T>(std::unexpected(heard.error()));
    return Result<T>(TRY(act(tx, std::move(user))));
  }));
}

Result<Codes> OwnFactors::renew_recovery_codes(accounts::UserId id, const Proof& proof, const audit::Origin& origin) {
  return with_proof<Codes>(id, proof, origin, [&](core::Tx& tx, const accounts::User& user) {
    return parts_.factors.renew_recovery_codes(tx, user, origin);
  });
}

Result<int64_t> OwnFactors::remove_totp(accounts::UserId id, sessions::SessionId current, const Proof& proof,
                                        const audit::Origin& origin) {
  return with_proof<int64_t>(id, proof, origin, [&](core::Tx& tx, accounts::User user) {
    return remove(tx, std::move(user), current, origin);
  });
}

Result<int64_t> OwnFactors::remove_of(accounts::UserId id, const audit::Origin& origin) {
  return parts_.transactor.atomically([&](core::Tx& tx) -> Result<int64_t> {
    if (origin.actor == id.value) return core::fail(Code::not_found);
    TRY(parts_.access.ensure_may_act_on(tx, id, origin));
    auto user = TRY(parts_.users.lock(tx, id));
    if (!user) return core::fail(Code::not_found);
    const bool has_passkeys = TRY(remove_passkeys(tx, *user, origin));
    if (has_passkeys && TRY(parts_.factors.status_of(tx, id)).methods.empty())
      return react(tx, sessions::Event::factors_taken_away, *std::move(user), std::nullopt, origin);
    return remove(tx, *std::move(user), std::nullopt, origin);
  });
}

// Whether there were any.
Result<bool> OwnFactors::remove_passkeys(core::Tx& tx, const accounts::User& user, const audit::Origin& origin) {
  const auto passkeys = TRY(parts_.passkeys.list(tx, user.id));
  TRY(parts_.passkeys.remove_all(tx, user.id));
  for (const auto& passkey : passkeys) {
    TRY(parts_.audit.append(tx, {"passkey.removed", user.id.value, {}, passkey.id.str()}, origin));
    TRY(tell(tx, mail::passkey_removed(parts_.mail.letterhead(), user.email, passkey.name, parts_.clock.now())));
  }
  return !passkeys.empty();
}

Result<int64_t> OwnFactors::remove(core::Tx& tx, accounts::User user, std::optional<sessions::SessionId> current,
                                   const audit::Origin& origin) {
  TRY(parts_.factors.remove(tx, user, origin));
  if (current) TRY(parts_.sessions.forget_second_factor(tx, *current));
  TRY(tell(tx, mail::second_factor_removed(parts_.mail.letterhead(), user.email, parts_.clock.now())));
  const auto event = current ? sessions::Event::factor_removed : sessions::Event::factors_taken_away;
  return react(tx, event, std::move(user), current, origin);
}

Result<> OwnFactors::tell(core::Tx& tx, const mail::Message& letter) {
  return parts_.mail.enqueue(tx, letter, parts_.clock.now() + std::chrono::days(1));
}

// Sign-ins under way know of the factors as they were, and fail.
Result<int64_t> OwnFactors::react(core::Tx& tx, sessions::Event event, accounts::User user,
                                  std::optional<sessions::SessionId> current, const audit::Origin& origin) {
  ++user.auth_epoch;
  TRY(parts_.users.update(tx, user));
  return parts_.sessions.react(tx, event, user.id, current, origin);
}

}  // namespace mfa
