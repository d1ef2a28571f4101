#include "risk/not_me.h"

#include "core/clock_guard.h"
#include "mail/templates.h"

namespace risk {

using core::Result;

Result<> NotMe::tell(core::Tx& tx, const accounts::User& user, const sessions::Session& session,
                     const Judgement& judgement) {
  const crypto::Secret token("ush_n_" + parts_.random.token());
  const core::Time now = parts_.clock.now(), end = now + parts_.config.not_me_life;
  const Notice notice{user.id, session.id, session.device.name.value_or(""), session.ip_address, now, end};
  TRY(parts_.notices.create(tx, crypto::sha256(token.bytes()), notice));
  const bool device_only = judgement.signals == std::vector{Signal::new_device};
  auto letter = mail::unusual_sign_in(
      parts_.mail.letterhead(), user.email,
      {notice.device, notice.ip_address, now, device_only ? "" : text_of(judgement.signals)}, token);
  return parts_.mail.enqueue(tx, std::move(letter), now + std::chrono::days(1));
}

Result<std::optional<Notice>> NotMe::find(const crypto::Secret& token) {
  auto found = TRY(
      parts_.transactor.reading([&](core::Tx& tx) { return parts_.notices.find(tx, crypto::sha256(token.bytes())); }));
  return found && found->expires_at > parts_.clock.now() ? std::move(found) : std::nullopt;
}

Result<bool> NotMe::deny(const crypto::Secret& token, const audit::Origin& origin) {
  const auto notice = TRY(find(token));
  if (!notice) return false;
  return parts_.transactor.atomically(
      [&](core::Tx& tx) { return deny(tx, *notice, crypto::sha256(token.bytes()), origin); });
}

Result<bool> NotMe::deny(core::Tx& tx, const Notice& notice, const crypto::Digest256& hash,
                         const audit::Origin& origin) {
  auto user = TRY(parts_.users.lock(tx, notice.user));
  if (!user || !TRY(parts_.notices.consume(tx, hash))) return false;
  TRY(parts_.audit.append(tx, {"login.denied", user->id.value, notice.session.value, {}}, origin));
  TRY(remove_factors_since(tx, *user, begin_of(notice), origin));
  TRY(parts_.passwords.demand_reset(tx, *std::move(user), sessions::EndReason::not_me, origin));
  return true;
}

// A sign-in that had to add a factor first took up to two challenges (a code by mail, then the factor), and another
// node's clock may be behind.
core::Time NotMe::begin_of(const Notice& notice) const {
  return notice.at - 2 * parts_.mfa_config.challenge_life - core::ClockGuard::tolerance;
}

// Whoever signed in may have made himself a way back.
Result<> NotMe::remove_factors_since(core::Tx& tx, const accounts::User& user, core::Time since,
                                     const audit::Origin& origin) {
  for (const auto& passkey : TRY(parts_.passkeys.list(tx, user.id))) {
    if (passkey.created_at < since) continue;
    TRY(parts_.passkeys.remove(tx, user.id, passkey.id));
    TRY(parts_.audit.append(tx, {"passkey.removed", user.id.value, {}, passkey.id.str()}, origin));
  }
  return parts_.factors.remove_since(tx, user, since, origin);
}

Result<int64_t> NotMe::prune(core::Tx& tx, int64_t limit) {
  return parts_.notices.prune(tx, parts_.clock.now(), limit);
}

}  // namespace risk
