#include "self/deletion.h"

namespace self {

using accounts::User, accounts::UserId, core::Code, core::Result;

Result<std::optional<core::Time>> Deletion::ask(UserId id, const crypto::Secret& password,
                                                const audit::Origin& origin) {
  const auto proved = TRY(parts_.passwords.prove(id, password, "password", origin));
  return parts_.transactor.atomically([&](core::Tx& tx) -> Result<std::optional<core::Time>> {
    TRY(parts_.access.ensure_not_last_super_admin(tx, id));
    auto user = TRY(parts_.users.lock(tx, id));
    // Who was let in before another request had ended the session proves himself to the epoch after it.
    if (!user || user->auth_epoch != proved.auth_epoch || user->delete_after) return core::fail(Code::conflict);
    if (parts_.config.deletion_grace == core::Seconds(0)) {
      TRY(remove(tx, *user, origin));
      return std::nullopt;
    }
    const core::Time end = parts_.clock.now() + parts_.config.deletion_grace;
    TRY(begin_grace(tx, *std::move(user), end, origin));
    return std::optional(end);
  });
}

Result<> Deletion::begin_grace(core::Tx& tx, User user, core::Time end, const audit::Origin& origin) {
  user.delete_after = end;
  ++user.auth_epoch;
  TRY(parts_.users.update(tx, user));
  TRY(parts_.audit.append(tx, {"user.deletion_asked", user.id.value, {}, {}}, origin));
  TRY(parts_.outbox.announce(tx, {changes::Kind::user, user.id.value}));
  TRY(parts_.mail.enqueue(tx, mail::account_deletion_asked(parts_.mail.letterhead(), user.email, end),
                          parts_.clock.now() + std::chrono::days(1)));
  TRY(parts_.sessions.end_all(tx, user.id, sessions::EndReason::account_deleted, std::nullopt, origin));
  return {};
}

Result<> Deletion::remove(core::Tx& tx, const User& user, const audit::Origin& origin) {
  const core::Time now = parts_.clock.now();
  TRY(parts_.mail.enqueue(tx, mail::account_deleted(parts_.mail.letterhead(), user.email, now),
                          now + std::chrono::days(1)));
  return parts_.removal.remove(tx, user.id, origin);
}

// Whoever took it back meanwhile stays.
Result<int64_t> Deletion::purge(core::Tx& tx, int64_t limit) {
  const core::Time now = parts_.clock.now();
  int64_t removed = 0;
  for (const UserId id : TRY(parts_.remains.due(tx, now, limit))) {
    const auto user = TRY(parts_.users.lock(tx, id));
    if (!user || !user->delete_after || *user->delete_after > now) continue;
    TRY(remove(tx, *user, {}));
    ++removed;
  }
  return removed;
}

}  // namespace self
