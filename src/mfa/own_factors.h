// Owns: what users do to their own second factors, and what follows for their sessions; they are told.
// Does not own: the factors (mfa_service.h), asking for one at sign-in (login/).
// Thread rule: worker threads.
#pragma once
#include "access/access_service.h"
#include "accounts/user_store.h"
#include "mail/outbox.h"
#include "mfa/mfa_service.h"
#include "passwords/password_service.h"
#include "sessions/session_service.h"
#include "webauthn/passkey_store.h"

namespace mfa {

// What a user proves anew before a protection is taken away, so that a stolen session is not enough.
struct Proof {
  crypto::Secret password;
  Method method{};
  crypto::Secret code;
};

struct Confirmed {
  std::vector<crypto::Secret> recovery_codes;
  int64_t revoked = 0;  // sessions that ended
};

class OwnFactors {
 public:
  struct Parts {
    core::Transactor& transactor;
    accounts::Store& users;
    roles::Service& access;
    passwords::Service& passwords;
    Service& factors;
    sessions::Service& sessions;
    webauthn::PasskeyStore& passkeys;
    audit::Store& audit;
    mail::Outbox& mail;
    const core::Clock& clock;
    const Config& config;
  };
  explicit OwnFactors(const Parts& parts) : parts_(parts) {}

  core::Result<Status> status(accounts::UserId user);
  // Errors of those that follow: wrong_password, otp_invalid, too_many_attempts, account_disabled, conflict when the
  // account changed meanwhile. Errors besides: factor_exists, factor_not_allowed.
  core::Result<Enrolment> begin_totp(accounts::UserId user, const crypto::Secret& password,
                                     const audit::Origin& origin);
  // Error besides: factor_exists.
  core::Result<Confirmed> confirm_totp(accounts::UserId user, sessions::SessionId current, const crypto::Secret& code,
                                       const audit::Origin& origin);
  // Error besides: not_found without a second factor.
  core::Result<std::vector<crypto::Secret>> renew_recovery_codes(accounts::UserId user, const Proof& proof,
                                                                 const audit::Origin& origin);
  // The app and the recovery codes; how many sessions ended. Error besides: not_found
  // without a second factor.
  core::Result<int64_t> remove_totp(accounts::UserId user, sessions::SessionId current, const Proof& proof,
                                    const audit::Origin& origin);
  // By an administrator, for somebody who lost everything, passkeys too: ends every session. Errors: not_found, also
  // without a second factor, and for the administrator's own, which a stolen session must not take away;
  // grant_exceeds_own.
  core::Result<int64_t> remove_of(accounts::UserId user, const audit::Origin& origin);

  // A step of a caller's transaction, who has locked the user's row and tells who confirms: as confirm_totp. The inner
  // errors, which keep what was counted: otp_invalid, too_many_attempts.
  core::Result<core::Result<Confirmed>> confirm_totp(core::Tx& tx, accounts::User user,
                                                     std::optional<sessions::SessionId> current,
                                                     const crypto::Secret& code, const audit::Origin& origin);

 private:
  core::Result<accounts::User> lock(core::Tx& tx, accounts::UserId id, std::optional<int64_t> auth_epoch = {});
  template <class T, class F>
  core::Result<T> with_proof(accounts::UserId id, const Proof& proof, const audit::Origin& origin, F&& act);
  core::Result<int64_t> remove(core::Tx& tx, accounts::User user, std::optional<sessions::SessionId> current,
                               const audit::Origin& origin);
  core::Result<int64_t> react(core::Tx& tx, sessions::Event event, accounts::User user,
                              std::optional<sessions::SessionId> current, const audit::Origin& origin);
  core::Result<bool> remove_passkeys(core::Tx& tx, const accounts::User& user, const audit::Origin& origin);
  core::Result<> tell(core::Tx& tx, const mail::Message& letter);

  const Parts parts_;
};

}  // namespace mfa
