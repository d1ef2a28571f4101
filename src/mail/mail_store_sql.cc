#include "mail/mail_store_sql.h"

#include "storage/database.h"

namespace mail {
namespace {

StoredLetter letter_of(const storage::Row& row) {
  const storage::Bytes sealed = row.bytes(2);
  return {.id = row.id<LetterId>(0),
          .recipient = std::string(row.text(1)),
          .sealed = {sealed.begin(), sealed.end()},
          .created_at = row.time(3),
          .expires_at = row.time(4),
          .attempts = row.number(5),
          .next_attempt_at = row.time(6)};
}

class SqlStore final : public Store {
 public:
  core::Result<> create(core::Tx& tx, const StoredLetter& letter) override {
    return storage::sql(tx).send(
        "INSERT INTO mail_outbox (id, recipient, sealed, created_at, expires_at, attempts, next_attempt_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        letter.id, letter.recipient, letter.sealed, letter.created_at, letter.expires_at, letter.attempts,
        letter.next_attempt_at);
  }

  core::Result<std::optional<core::Time>> find_due(core::Tx& tx) override {
    const auto rows =
        TRY(storage::sql(tx).query("SELECT next_attempt_at FROM mail_outbox ORDER BY next_attempt_at LIMIT 1"));
    return rows.empty() ? std::nullopt : std::optional(rows[0].time(0));
  }

  // The condition stands twice: PostgreSQL evaluates the outer one again when the row it waited for has changed.
  core::Result<std::optional<StoredLetter>> claim(core::Tx& tx, core::Time now, core::Time lease_end) override {
    const auto rows = TRY(storage::sql(tx).query(
        "UPDATE mail_outbox SET attempts = attempts + 1, next_attempt_at = $1"
        " WHERE id = (SELECT id FROM mail_outbox WHERE next_attempt_at <= $2 ORDER BY next_attempt_at, id LIMIT 1)"
        " AND next_attempt_at <= $2"
        " RETURNING id, recipient, sealed, created_at, expires_at, attempts, next_attempt_at",
        lease_end, now));
    return rows.empty() ? std::nullopt : std::optional(letter_of(rows[0]));
  }

  core::Result<> update(core::Tx& tx, LetterId id, int64_t attempts, core::Time next_attempt_at,
                        const std::string& why) override {
    return storage::sql(tx).send(
        "UPDATE mail_outbox SET next_attempt_at = $1, last_error = $2 WHERE id = $3 AND attempts = $4", next_attempt_at,
        why, id, attempts);
  }

  core::Result<> delete_claimed(core::Tx& tx, LetterId id, int64_t attempts) override {
    return storage::sql(tx).send("DELETE FROM mail_outbox WHERE id = $1 AND attempts = $2", id, attempts);
  }

  core::Result<int64_t> delete_expired(core::Tx& tx, core::Time now) override {
    return TRY(storage::sql(tx).query("DELETE FROM mail_outbox WHERE expires_at <= $1", now)).changed();
  }
};

}  // namespace

std::unique_ptr<Store> create_sql_store() { return std::make_unique<SqlStore>(); }

}  // namespace mail
