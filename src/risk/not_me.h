// Owns: telling a user of an unusual sign-in, and what happens when he says that it was not him.
// Does not own: what is unusual (rules.h), the page (not_me_routes.h), a new password (passwords/).
// Thread rule: worker threads.
//
// The link in the mail opens nothing: all it can do is to end sessions and to demand a new password.
#pragma once
#include "accounts/user_store.h"
#include "mail/outbox.h"
#include "mfa/mfa_service.h"
#include "passwords/password_service.h"
#include "risk/notice_store.h"
#include "risk/risk_config.h"
#include "webauthn/passkey_store.h"

namespace risk {

class NotMe {
 public:
  struct Parts {
    core::Transactor& transactor;
    NoticeStore& notices;
    accounts::Store& users;
    passwords::Service& passwords;
    mfa::Service& factors;
    webauthn::PasskeyStore& passkeys;
    audit::Store& audit;
    mail::Outbox& mail;
    crypto::Random& random;
    const core::Clock& clock;
    const Config& config;
    const mfa::Config& mfa_config;
  };
  explicit NotMe(const Parts& parts) : parts_(parts) {}

  // Mails the user of `session` with a link.
  core::Result<> tell(core::Tx& tx, const accounts::User& user, const sessions::Session& session,
                      const Judgement& judgement);
  // What the link is about; absent when it is unknown, used or too old. Changes nothing.
  core::Result<std::optional<Notice>> find(const crypto::Secret& token);
  // Ends all sessions of the user, voids his password and the factors that were added since, and mails a code to choose
  // a new password with. Of parallel callers one gets true; false when it is unknown, used or too old.
  core::Result<bool> deny(const crypto::Secret& token, const audit::Origin& origin);
  // Removes up to `limit` that are too old; how many.
  core::Result<int64_t> prune(core::Tx& tx, int64_t limit);

 private:
  core::Result<bool> deny(core::Tx& tx, const Notice& notice, const crypto::Digest256& hash,
                          const audit::Origin& origin);
  core::Time begin_of(const Notice& notice) const;
  core::Result<> remove_factors_since(core::Tx& tx, const accounts::User& user, core::Time since,
                                      const audit::Origin& origin);
  Parts parts_;
};

}  // namespace risk
