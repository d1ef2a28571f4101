// Owns: adding a second factor or a passkey between a right password and the session that waits for it.
// Does not own: who must (second_step.h), factors and passkeys (mfa/, webauthn/).
// Thread rule: worker threads.
//
// Errors of all: mfa_token_invalid as of Service::verify_factor; factor_not_allowed when something else is asked for.
#pragma once
#include "login/login_service.h"
#include "mfa/own_factors.h"
#include "webauthn/passkeys.h"

namespace login {

struct Enrolled {
  SignedIn signed_in;
  std::vector<crypto::Secret> recovery_codes;  // of an app
};

class LateEnrolment {
 public:
  struct Parts {
    core::Transactor& transactor;
    mfa::Service& factors;
    mfa::OwnFactors& own_factors;
    mfa::Challenges& challenges;
    webauthn::Passkeys& passkeys;
    Service& login;
  };
  explicit LateEnrolment(const Parts& parts) : parts_(parts) {}

  core::Result<mfa::Enrolment> begin_totp(const crypto::Secret& token, const audit::Origin& origin);
  // Signs in; the user's other sessions end, and a mail tells him. Errors besides: otp_invalid, too_many_attempts,
  // session_limit, sign_in_refused.
  core::Result<Enrolled> confirm_totp(const crypto::Secret& token, const crypto::Secret& code,
                                      const devices::Device& device, const audit::Origin& origin);
  core::Result<webauthn::Options> begin_passkey(const crypto::Secret& token, const audit::Origin& origin);
  // Signs in, and a mail tells the user. Errors besides: passkey_invalid, passkey_exists, session_limit,
  // sign_in_refused.
  core::Result<SignedIn> add_passkey(const crypto::Secret& token, const webauthn::Attestation& answer, std::string name,
                                     const devices::Device& device, const audit::Origin& origin);

 private:
  template <class T, class F>
  core::Result<T> for_who_waits(accounts::UserId id, const crypto::Secret& token, SecondMethod method,
                                const audit::Origin& origin, F&& act);
  core::Result<SignedIn> sign_in(core::Tx& tx, Waiting waiting, std::string_view proved, const crypto::Secret& token,
                                 const devices::Device& device, const audit::Origin& origin);

  const Parts parts_;
};

}  // namespace login
