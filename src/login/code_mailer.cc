#include "login/code_mailer.h"

namespace login {

using verification::Purpose;

namespace {

using Letter = mail::Message(const mail::Letterhead&, const std::string&, const crypto::Secret&, core::Millis);

core::Result<> enqueue(core::Tx& tx, mail::Outbox& mail, Letter& letter, const accounts::User& user,
                       const crypto::Secret& code, core::Millis life, core::Time now) {
  return mail.enqueue(tx, letter(mail.letterhead(), user.email, code, life), now + life);
}

}  // namespace

core::Result<Sent> CodeMailer::send_verification(core::Tx& tx, const accounts::User& user, core::Time now) {
  const auto code = TRY(codes_.issue(tx, user.id, Purpose::verify_email, now));
  if (!code) return Sent::too_soon;
  TRY(enqueue(tx, mail_, mail::verification_code, user, *code, codes_.rules().life, now));
  return Sent::now;
}

core::Result<> CodeMailer::send_step_up(core::Tx& tx, const accounts::User& user, sessions::SessionId session,
                                        core::Time now) {
  const auto code = TRY(codes_.demand(tx, user.id, Purpose::step_up, now, session.str()));
  return enqueue(tx, mail_, mail::step_up_code, user, code, codes_.rules().life, now);
}

core::Result<> CodeMailer::send_sign_in(core::Tx& tx, const accounts::User& user, const crypto::Secret& token,
                                        core::Time now) {
  const auto code = TRY(codes_.demand(tx, user.id, Purpose::sign_in, now, token.expose()));
  return enqueue(tx, mail_, mail::sign_in_code, user, code, codes_.rules().life, now);
}

core::Result<Sent> CodeMailer::send_already_registered(core::Tx& tx, const accounts::User& user, core::Time now) {
  // The code is never mailed: issuing it keeps the cool-down.
  if (!TRY(codes_.issue(tx, user.id, Purpose::notice, now))) return Sent::too_soon;
  TRY(mail_.enqueue(tx, mail::already_registered(mail_.letterhead(), user.email), now + std::chrono::days(1)));
  return Sent::now;
}

}  // namespace login
