#include "verification/code_store_sql.h"

#include "storage/database.h"

namespace verification {
namespace {

class SqlStore final : public Store {
 public:
  core::Result<bool> issue(core::Tx& tx, const Code& code, const Rules& rules) override {
    const auto rows = TRY(storage::sql(tx).query(
        "INSERT INTO verification_codes (user_id, purpose, code_hash, attempts, issued_at, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6)"
        " ON CONFLICT (user_id, purpose) DO UPDATE SET code_hash = excluded.code_hash, attempts = excluded.attempts,"
        " issued_at = excluded.issued_at, expires_at = excluded.expires_at,"
        " issues = CASE WHEN verification_codes.issued_at + $10 <= excluded.issued_at THEN 1"
        " ELSE verification_codes.issues + 1 END"
        " WHERE verification_codes.issued_at + CASE WHEN verification_codes.issues < $11 THEN 0"
        " ELSE least($7 * (1 << CAST(least(greatest(verification_codes.issues - $8, 0), 16) AS INTEGER)), $9) END"
        " <= excluded.issued_at",
        code.user, core::to_text(code.purpose), code.hash, code.attempts, code.issued_at, code.expires_at,
        rules.cool_down.count(), rules.free_issues, rules.longest_cool_down.count(), rules.forgotten.count(),
        rules.at_once));
    return rows.changed() == 1;
  }

  core::Result<core::Time> cools_until(core::Tx& tx, accounts::UserId user, Purpose purpose,
                                       const Rules& rules) override {
    const auto rows = TRY(
        storage::sql(tx).query("SELECT issued_at, issues FROM verification_codes WHERE user_id = $1 AND purpose = $2",
                               user, core::to_text(purpose)));
    if (rows.empty()) return core::Time{};
    storage::Row row = rows[0];
    return row.time(0) + rules.cool_down_after(row.number(1));
  }

  core::Result<std::optional<crypto::Digest256>> consume_try(core::Tx& tx, accounts::UserId user, Purpose purpose,
                                                             int64_t tries, core::Time now) override {
    const auto rows = TRY(storage::sql(tx).query(
        "UPDATE verification_codes SET attempts = attempts + 1"
        " WHERE user_id = $1 AND purpose = $2 AND attempts < $3 AND expires_at > $4 RETURNING code_hash",
        user, core::to_text(purpose), tries, now));
    if (rows.empty()) return std::nullopt;
    const storage::Bytes stored = rows[0].bytes(0);
    crypto::Digest256 hash{};
    if (stored.size() != hash.size()) return core::fail_because(core::Code::internal, "a code's hash has another size");
    std::ranges::copy(stored, hash.begin());
    return hash;
  }

  core::Result<> revoke(core::Tx& tx, accounts::UserId user, Purpose purpose) override {
    return storage::sql(tx).send(
        "UPDATE verification_codes SET expires_at = 0, issues = 0 WHERE user_id = $1 AND purpose = $2", user,
        core::to_text(purpose));
  }

  core::Result<> forget(core::Tx& tx, accounts::UserId user) override {
    return storage::sql(tx).send("UPDATE verification_codes SET issued_at = 0, issues = 0 WHERE user_id = $1", user);
  }
};

}  // namespace

std::unique_ptr<Store> create_sql_store() { return std::make_unique<SqlStore>(); }

}  // namespace verification
