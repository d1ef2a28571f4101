// Owns: proving anew who one is while signed in, and what needs such a proof to be recent.
// Does not own: which routes do (http/route.h: Guard::recently), each kind of proof (passwords/, mfa/, verification/).
// Thread rule: worker threads.
#pragma once
#include "login/login_service.h"
#include "passwords/password_service.h"
#include "webauthn/passkeys.h"

namespace login {

enum class ProofMethod { password, email_code, totp, recovery_code, passkey };
constexpr std::array<core::Name<ProofMethod>, 5> names_of(ProofMethod) {
  return {{{ProofMethod::password, "password"},
           {ProofMethod::email_code, "email_code"},
           {ProofMethod::totp, "totp"},
           {ProofMethod::recovery_code, "recovery_code"},
           {ProofMethod::passkey, "passkey"}}};
}

class StepUp {
 public:
  struct Parts {
    core::Transactor& transactor;
    accounts::Store& users;
    roles::Service& access;
    audit::Store& audit;
    passwords::Service& passwords;
    mfa::Service& factors;
    verification::Service& codes;
    CodeMailer& mailer;
    webauthn::Passkeys& passkeys;
    sessions::Service& sessions;
    Service& login;
    const core::Clock& clock;
    const sessions::Config& config;
    const mfa::Config& mfa_config;
  };
  explicit StepUp(const Parts& parts) : parts_(parts) {}

  // step_up_required, with the methods of which one is enough, when `authenticated_at` is too long ago.
  core::Result<> ensure_recent(accounts::UserId user, core::Time authenticated_at);
  // A user with a second factor proves that; nobody's password or mailbox stands in for it. The same session goes on,
  // with tokens that say when it was proved. Errors: validation_failed for `method`; wrong_password, otp_invalid,
  // too_many_attempts; conflict when account or session changed meanwhile.
  core::Result<SignedIn> prove(accounts::UserId user, sessions::SessionId session, ProofMethod method,
                               const crypto::Secret& proof, const audit::Origin& origin);
  // The same by a passkey of the user, whatever else he has. Errors: passkey_invalid, conflict.
  core::Result<SignedIn> prove_by_passkey(accounts::UserId user, sessions::SessionId session,
                                          const webauthn::Assertion& answer, const audit::Origin& origin);
  // A code for ProofMethod::email_code in this session. Errors: rate_limited after too many that nobody used;
  // validation_failed for `method`, when it would not do.
  core::Result<> send_code(accounts::UserId user, sessions::SessionId session);

 private:
  core::Result<std::vector<ProofMethod>> methods_of(core::Tx& tx, accounts::UserId user);
  core::Result<> ensure_allowed(core::Tx& tx, accounts::UserId user, ProofMethod method);
  core::Result<core::Result<>> verify(core::Tx& tx, const accounts::User& user, sessions::SessionId session,
                                      ProofMethod method, const crypto::Secret& proof, const audit::Origin& origin);

  core::Result<SignedIn> go_on(core::Tx& tx, accounts::User user, sessions::SessionId session, std::string_view amr,
                               const audit::Origin& origin);

  const Parts parts_;
};

}  // namespace login
