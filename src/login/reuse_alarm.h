// Owns: telling a user that his refresh token was stolen.
// Does not own: noticing it (sessions/refresh.h).
// Thread rule: worker threads, inside a Tx.
#pragma once
#include "accounts/user_store.h"
#include "mail/outbox.h"
#include "mail/templates.h"
#include "sessions/session_service.h"

namespace login {

class ReuseAlarm final : public sessions::Alarm {
 public:
  ReuseAlarm(accounts::Store& users, mail::Outbox& mail, const core::Clock& clock)
      : users_(users), mail_(mail), clock_(clock) {}

  core::Result<> refresh_reused(core::Tx& tx, const sessions::Session& session) override {
    const auto user = TRY(users_.find(tx, session.user));
    if (!user || !user->active()) return {};
    const core::Time now = clock_.now();
    auto notice = mail::session_ended_for_reuse(mail_.letterhead(), user->email, session.device.name.value_or(""),
                                                session.ip_address, now);
    return mail_.enqueue(tx, std::move(notice), now + std::chrono::days(1));
  }

 private:
  accounts::Store& users_;
  mail::Outbox& mail_;
  const core::Clock& clock_;
};

}  // namespace login
