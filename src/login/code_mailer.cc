#include "login/code_mailer.h"

namespace login {

using verification::Purpose;

core::Result<Sent> CodeMailer::send_verification(core::Tx& tx, const accounts::User& user, core::Time now) {
  const auto life = codes_.rules().life;
  const auto code = TRY(codes_.issue(tx, user.id, Purpose::verify_email, now));
  if (!code) return Sent::too_soon;
  TRY(mail_.enqueue(tx, mail::verification_code(mail_.letterhead(), user.email, *code, life), now + life));
  return Sent::now;
}

core::Result<Sent> CodeMailer::send_step_up(core::Tx& tx, const accounts::User& user, core::Time now) {
  const auto life = codes_.rules().life;
  const auto code = TRY(codes_.issue(tx, user.id, Purpose::step_up, now));
  if (!code) return Sent::too_soon;
  TRY(mail_.enqueue(tx, mail::step_up_code(mail_.letterhead(), user.email, *code, life), now + life));
  return Sent::now;
}

core::Result<Sent> CodeMailer::send_already_registered(core::Tx& tx, const accounts::User& user, core::Time now) {
  // The code is never mailed: issuing it keeps the cool-down.
  if (!TRY(codes_.issue(tx, user.id, Purpose::notice, now))) return Sent::too_soon;
  TRY(mail_.enqueue(tx, mail::already_registered(mail_.letterhead(), user.email), now + std::chrono::days(1)));
  return Sent::now;
}

}  // namespace login
