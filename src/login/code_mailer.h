// Owns: sending one-time codes and notices, as seldom as the rules of codes say (verification/code.h).
// Does not own: codes (verification/), mails' words and ways (mail/).
// Thread rule: worker threads, inside a Tx.
#pragma once
#include "accounts/user.h"
#include "mail/outbox.h"
#include "mail/templates.h"
#include "sessions/session.h"
#include "verification/code_service.h"

namespace login {

enum class Sent { now, too_soon };

class CodeMailer {
 public:
  CodeMailer(verification::Service& codes, mail::Outbox& mail) : codes_(codes), mail_(mail) {}

  core::Result<Sent> send_verification(core::Tx& tx, const accounts::User& user, core::Time now);
  // A code that opens a step-up of `session` alone. Error: rate_limited while an older one cools.
  core::Result<> send_step_up(core::Tx& tx, const accounts::User& user, sessions::SessionId session, core::Time now);
  // To who has proved a password in an unusual sign-in: opens the one of `token` alone. The same error.
  core::Result<> send_sign_in(core::Tx& tx, const accounts::User& user, const crypto::Secret& token, core::Time now);
  // To the owner of an address that somebody tried to register again.
  core::Result<Sent> send_already_registered(core::Tx& tx, const accounts::User& user, core::Time now);

 private:
  verification::Service& codes_;
  mail::Outbox& mail_;
};

}  // namespace login
