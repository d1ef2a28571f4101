// Owns: forgotten, reset and changed passwords, and that old sessions end with them.
// Does not own: policy (policy.h), hashing (hasher.h), codes (verification/).
// Thread rule: worker threads.
#pragma once
#include "accounts/user_store.h"
#include "limits/guess_limit.h"
#include "mail/outbox.h"
#include "mail/templates.h"
#include "passwords/breaches.h"
#include "passwords/hasher.h"
#include "passwords/password_config.h"
#include "sessions/session_service.h"
#include "verification/code_service.h"

namespace passwords {

class Service {
 public:
  struct Parts {
    core::Transactor& transactor;
    accounts::Store& users;
    verification::Service& codes;
    mail::Outbox& mail;
    Hasher& hasher;
    Breaches& breaches;
    limits::GuessLimit& guesses;
    sessions::Service& sessions;
    audit::Store& audit;
    changes::Outbox& outbox;
    const core::Clock& clock;
    const Config& config;
  };
  explicit Service(Parts parts) : parts_(parts) {}

  // Mails a reset code to an account that exists; does nothing otherwise. validation_failed when malformed.
  core::Result<> forgot(std::string_view email, const audit::Origin& origin);
  // The password of a locked `user` opens nothing any more until he has reset it, for which a code is mailed to him
  // while he is active. Ends every session; how many. Recorded by the caller, who knows why.
  core::Result<int64_t> demand_reset(core::Tx& tx, accounts::User user, sessions::EndReason reason,
                                     const audit::Origin& origin);
  // Ends every session of the user; how many. Errors: otp_invalid for every reason alike, password_rejected.
  core::Result<int64_t> reset(std::string_view email, const crypto::Secret& otp, const crypto::Secret& password,
                              const audit::Origin& origin);
  // Ends the other sessions; how many. Errors: wrong_password, too_many_attempts, password_rejected, conflict.
  core::Result<int64_t> change(accounts::UserId user, sessions::SessionId current_session,
                               const crypto::Secret& current, const crypto::Secret& password,
                               const audit::Origin& origin);
  // Compares the password that a caller who is signed in gave in `field`. The user as the password was compared with:
  // whoever acts on it compares auth_epoch once the user is locked. Errors: wrong_password, too_many_attempts,
  // account_disabled.
  core::Result<accounts::User> prove(accounts::UserId user, const crypto::Secret& password, std::string_view field,
                                     const audit::Origin& origin);

 private:
  core::Result<std::optional<accounts::User>> find_to_prove(accounts::UserId id);
  core::Result<> judge(const accounts::User& user, bool right, std::string_view field, const audit::Origin& origin);
  core::Result<int64_t> store(core::Tx& tx, accounts::User user, std::string hash, sessions::Event event,
                              std::optional<sessions::SessionId> current, const audit::Origin& origin);
  core::Result<> send_reset_code(core::Tx& tx, const accounts::User& user);
  core::Result<> tell_reset_demanded(core::Tx& tx, const accounts::User& user);
  core::Result<> check_policy(const crypto::Secret& password, const accounts::User& user) const;
  Parts parts_;
};

}  // namespace passwords
