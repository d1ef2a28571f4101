// Owns: giving one's account another e-mail address: by a code from the old mailbox and one from the new.
// Does not own: codes (verification/), what an address is (accounts/email.h), the password (passwords/).
// Thread rule: worker threads.
//
// Nobody learns here whether an address has an account: its owner is told by mail, and the asker is answered as ever.
// Who has got hold of one mailbox, or of a session, does not get the account.
#pragma once
#include "accounts/email.h"
#include "mail/outbox.h"
#include "passwords/password_service.h"
#include "self/email_change_store.h"

namespace self {

struct EmailChanged {
  std::string email;    // the account's from now on
  int64_t revoked = 0;  // how many sessions ended
};

class EmailChange {
 public:
  struct Parts {
    core::Transactor& transactor;
    EmailChangeStore& changes;
    accounts::Store& users;
    verification::Service& codes;
    passwords::Service& passwords;
    sessions::Service& sessions;
    audit::Store& audit;
    mail::Outbox& mail;
    changes::Outbox& outbox;
    const core::Clock& clock;
  };
  explicit EmailChange(const Parts& parts) : parts_(parts) {}

  // Mails both codes; what was asked for before is void. Errors: validation_failed for `newEmail`; wrong_password,
  // too_many_attempts, account_disabled; rate_limited when codes were mailed a moment ago; conflict.
  core::Result<> ask(accounts::UserId user, std::string_view email, const crypto::Secret& password,
                     const audit::Origin& origin);
  // In the session `current`. Errors: otp_invalid for every reason alike, also when his password, his factors or his
  // status changed since he asked; email_taken, which is decided here; account_disabled, conflict.
  core::Result<EmailChanged> confirm(accounts::UserId user, sessions::SessionId current,
                                     const crypto::Secret& current_code, const crypto::Secret& new_code,
                                     const audit::Origin& origin);
  // Removes up to `limit` that cannot be confirmed any more; how many.
  core::Result<int64_t> prune(core::Tx& tx, int64_t limit);

 private:
  core::Result<accounts::User> lock(core::Tx& tx, accounts::UserId id);
  core::Result<> mail_codes(core::Tx& tx, const accounts::User& user, const accounts::Email& email,
                            const audit::Origin& origin);
  core::Result<bool> mail_to_new(core::Tx& tx, const accounts::Email& email, const crypto::Secret& code);
  core::Result<> tell_owner(core::Tx& tx, const accounts::User& owner);
  core::Result<bool> proved(core::Tx& tx, const accounts::User& user, const std::optional<PendingEmail>& pending,
                            const crypto::Secret& current_code, const crypto::Secret& new_code);
  core::Result<core::Result<EmailChanged>> change(core::Tx& tx, accounts::User user, const PendingEmail& pending,
                                                  sessions::SessionId current, const audit::Origin& origin);
  const Parts parts_;
};

}  // namespace self
