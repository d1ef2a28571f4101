#include "self/email_change_store_sql.h"

#include "storage/database.h"

namespace self {
namespace {

class SqlStore final : public EmailChangeStore {
 public:
  core::Result<> put(core::Tx& tx, const PendingEmail& p) override {
    return storage::sql(tx).send(
        "INSERT INTO email_changes (user_id, email, email_key, old_key, auth_epoch, asked_at, mailed_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (user_id) DO UPDATE SET email = excluded.email, "
        "email_key = excluded.email_key, old_key = excluded.old_key, auth_epoch = excluded.auth_epoch, "
        "asked_at = excluded.asked_at, mailed_at = excluded.mailed_at",
        p.user, p.email, p.email_key, p.old_key, p.auth_epoch, p.asked_at, p.mailed_at);
  }

  core::Result<std::optional<PendingEmail>> find(core::Tx& tx, accounts::UserId user) override {
    const auto rows =
        TRY(storage::sql(tx).query("SELECT email, email_key, old_key, auth_epoch, asked_at, mailed_at "
                                   "FROM email_changes WHERE user_id = $1",
                                   user));
    if (rows.empty()) return std::nullopt;
    storage::Row row = rows[0];
    return PendingEmail{.user = user,
                        .email = std::string(row.text(0)),
                        .email_key = std::string(row.text(1)),
                        .old_key = std::string(row.text(2)),
                        .auth_epoch = row.number(3),
                        .asked_at = row.time(4),
                        .mailed_at = row.time_or_null(5)};
  }

  core::Result<> remove(core::Tx& tx, accounts::UserId user) override {
    return storage::sql(tx).send("DELETE FROM email_changes WHERE user_id = $1", user);
  }

  core::Result<bool> mailed_after(core::Tx& tx, std::string_view email_key, core::Time since) override {
    return !TRY(storage::sql(tx).query("SELECT 1 FROM email_changes WHERE email_key = $1 AND mailed_at > $2 LIMIT 1",
                                       email_key, since))
                .empty();
  }

  core::Result<int64_t> prune(core::Tx& tx, core::Time before, int64_t limit) override {
    return storage::prune(tx, {"email_changes", "user_id", "asked_at"}, before, limit);
  }
};

}  // namespace

std::unique_ptr<EmailChangeStore> create_sql_email_change_store() { return std::make_unique<SqlStore>(); }

}  // namespace self
