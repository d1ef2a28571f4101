// Owns: making accounts: register, send the code again.
// Does not own: verifying the code (login_service.h).
// Thread rule: worker threads.
#pragma once
#include "access/access_service.h"
#include "accounts/user_store.h"
#include "audit/audit_store.h"
#include "login/code_mailer.h"
#include "passwords/breaches.h"
#include "passwords/hasher.h"
#include "passwords/password_config.h"

namespace login {

struct NewAccount {
  std::string email;
  crypto::Secret password;
  std::string first_name, last_name;
  accounts::AccountType account_type;
};

class Registration {
 public:
  struct Parts {
    core::Transactor& transactor;
    accounts::Store& users;
    roles::Service& access;
    audit::Store& audit;
    CodeMailer& mailer;
    passwords::Hasher& hasher;
    passwords::Breaches& breaches;
    crypto::Random& random;
    const core::Clock& clock;
    const passwords::Config& passwords;
  };
  explicit Registration(Parts parts) : parts_(parts) {}

  // Makes an unverified account and mails a code. For an address that exists the answer and its cost are the same: its
  // owner gets another mail; while it is unverified, what is sent now replaces what was sent before, so that nobody
  // waits in an account that its owner is about to verify. The stored address. Errors: validation_failed,
  // password_rejected, overloaded.
  core::Result<std::string> register_account(const NewAccount& account, const audit::Origin& origin);
  // Mails a new code to an unverified account; does nothing for any other address. validation_failed when malformed.
  core::Result<> resend(std::string_view email, const audit::Origin& origin);

 private:
  core::Result<> create(core::Tx& tx, accounts::User user, const audit::Origin& origin);
  core::Result<> meet_existing(core::Tx& tx, accounts::UserId id, const accounts::User& asked,
                               const audit::Origin& origin);
  Parts parts_;
};

}  // namespace login
