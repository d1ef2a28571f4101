// Owns: signing in by a passkey, without password and user name.
// Does not own: passkeys (webauthn/), sessions and tokens.
// Thread rule: worker threads.
#pragma once
#include "login/login_service.h"
#include "webauthn/passkeys.h"

namespace login {

class PasskeySignIn {
 public:
  struct Parts {
    core::Transactor& transactor;
    accounts::Store& users;
    audit::Store& audit;
    webauthn::Passkeys& passkeys;
    sessions::Service& sessions;
    Service& login;
  };
  explicit PasskeySignIn(const Parts& parts) : parts_(parts) {}

  // Both factors at once, since the authenticator verified its user. Errors: passkey_invalid for every reason alike,
  // unknown passkeys and disabled accounts among them; session_limit; account_deletion_pending, unless the account is
  // to be restored.
  core::Result<SignedIn> sign_in(const webauthn::Assertion& answer, const devices::Device& device,
                                 const audit::Origin& origin, Leaving leaving = Leaving::refused);

 private:
  core::Result<core::Result<SignedIn>> admit(core::Tx& tx, accounts::UserId id, const webauthn::Assertion& answer,
                                             const std::string& challenge, const devices::Device& device,
                                             const audit::Origin& origin, Leaving leaving);
  core::Result<> record(core::Tx& tx, std::optional<accounts::UserId> user, const core::Error& why,
                        const audit::Origin& origin);

  const Parts parts_;
};

}  // namespace login
