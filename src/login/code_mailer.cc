#include "login/code_mailer.h"

namespace login {

using verification::Purpose;

namespace {

using Letter = mail::Message(const mail::Letterhead&, const std::string&, const crypto::Secret&, core::Millis);

core::Result<Sent> send_code(core::Tx& tx, verification::Service& codes, mail::Outbox& mail, const accounts::User& user,
                             Purpose purpose, Letter& letter, core::Time now) {
  const auto life = codes.rules().life;
  const auto code = TRY(codes.issue(tx, user.id, purpose, now));
  if (!code) return Sent::too_soon;
  TRY(mail.enqueue(tx, letter(mail.letterhead(), user.email, *code, life), now + life));
  return Sent::now;
}

}  // namespace

core::Result<Sent> CodeMailer::send_verification(core::Tx& tx, const accounts::User& user, core::Time now) {
  return send_code(tx, codes_, mail_, user, Purpose::verify_email, mail::verification_code, now);
}

core::Result<Sent> CodeMailer::send_step_up(core::Tx& tx, const accounts::User& user, core::Time now) {
  return send_code(tx, codes_, mail_, user, Purpose::step_up, mail::step_up_code, now);
}

core::Result<Sent> CodeMailer::send_sign_in(core::Tx& tx, const accounts::User& user, core::Time now) {
  return send_code(tx, codes_, mail_, user, Purpose::sign_in, mail::sign_in_code, now);
}

core::Result<Sent> CodeMailer::send_already_registered(core::Tx& tx, const accounts::User& user, core::Time now) {
  // The code is never mailed: issuing it keeps the cool-down.
  if (!TRY(codes_.issue(tx, user.id, Purpose::notice, now))) return Sent::too_soon;
  TRY(mail_.enqueue(tx, mail::already_registered(mail_.letterhead(), user.email), now + std::chrono::days(1)));
  return Sent::now;
}

}  // namespace login
