// Owns: making an account of an invitation, and signing in to it.
// Does not own: who may invite (invitations/), what else is asked of him (login_service.h).
// Thread rule: worker threads.
#pragma once
#include "invitations/invitation_service.h"
#include "login/login_service.h"
#include "passwords/breaches.h"
#include "passwords/password_config.h"

namespace login {

struct Acceptance {
  crypto::Secret token, password;
  std::optional<std::string> first_name, last_name;  // absent: as the invitation says
};

class Invited {
 public:
  struct Parts {
    invitations::Service& invitations;
    accounts::Store& users;
    roles::Service& access;
    verification::Service& codes;
    audit::Store& audit;
    passwords::Hasher& hasher;
    passwords::Breaches& breaches;
    Service& login;
    crypto::Random& random;
    const core::Clock& clock;
    const passwords::Config& passwords;
  };
  explicit Invited(const Parts& parts) : parts_(parts) {}

  // The account's address is proved thereby; an unverified account of the same address becomes this one. Errors:
  // invitation_invalid for every reason alike; validation_failed for names that nobody said; password_rejected;
  // email_taken; overloaded; those of Service::create_session.
  core::Result<SignInOutcome> accept(const Acceptance& acceptance, const devices::Device& device,
                                     const audit::Origin& origin);

 private:
  core::Result<accounts::User> described(const invitations::Invitation& invitation, const Acceptance& acceptance);
  core::Result<core::Result<SignInOutcome>> admit(core::Tx& tx, const crypto::Secret& token, accounts::User asked,
                                                  const devices::Device& device, const audit::Origin& origin);
  core::Result<bool> store(core::Tx& tx, accounts::User& asked, const audit::Origin& origin);
  const Parts parts_;
};

}  // namespace login
