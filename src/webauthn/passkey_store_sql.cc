#include "webauthn/passkey_store_sql.h"

#include <algorithm>

#include "storage/database.h"

namespace webauthn {
namespace {

#define PASSKEY_COLUMNS                                                                                   \
  "id, user_id, credential_id, rp_id, public_key, sign_count, user_verified, backup_eligible, backed_up," \
  " aaguid, transports, name, created_at, last_used_at"

using accounts::UserId, core::Result;

std::vector<uint8_t> copy_of(storage::Bytes bytes) { return {bytes.begin(), bytes.end()}; }

Passkey read(storage::Row row) {
  Passkey out{.id = row.id<PasskeyId>(0),
              .user = row.id<UserId>(1),
              .credential_id = copy_of(row.bytes(2)),
              .public_key = copy_of(row.bytes(4)),
              .rp_id = std::string(row.text(3)),
              .sign_count = row.number(5),
              .user_verified = row.number(6) != 0,
              .backup_eligible = row.number(7) != 0,
              .backed_up = row.number(8) != 0,
              .transports = std::string(row.text(10)),
              .name = std::string(row.text(11)),
              .created_at = row.time(12),
              .last_used_at = row.time_or_null(13)};
  std::ranges::copy(row.bytes(9).first(out.aaguid.size()), out.aaguid.begin());
  return out;
}

Result<std::optional<Passkey>> read_one(const Result<storage::Rows>& found) {
  if (!found) return std::unexpected(found.error());
  return found->empty() ? std::nullopt : std::optional(read((*found)[0]));
}

class SqlPasskeyStore final : public PasskeyStore {
 public:
  Result<bool> create(core::Tx& tx, const Passkey& p) override {
    return TRY(storage::sql(tx).query("INSERT INTO passkeys (" PASSKEY_COLUMNS
                                      ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
                                      " ON CONFLICT (credential_id) DO NOTHING",
                                      p.id, p.user, p.credential_id, p.rp_id, p.public_key, p.sign_count,
                                      int64_t{p.user_verified}, int64_t{p.backup_eligible}, int64_t{p.backed_up},
                                      p.aaguid, p.transports, p.name, p.created_at, p.last_used_at))
               .changed() == 1;
  }

  Result<std::vector<Passkey>> list(core::Tx& tx, UserId user) override {
    const auto rows = TRY(storage::sql(tx).query(
        "SELECT " PASSKEY_COLUMNS " FROM passkeys WHERE user_id = $1 ORDER BY created_at, id", user));
    std::vector<Passkey> out;
    for (storage::Row row : rows) out.push_back(read(row));
    return out;
  }

  Result<bool> has_any(core::Tx& tx, UserId user) override {
    return !TRY(storage::sql(tx).query("SELECT 1 FROM passkeys WHERE user_id = $1 LIMIT 1", user)).empty();
  }

  Result<std::optional<Passkey>> find(core::Tx& tx, crypto::Bytes credential_id) override {
    return read_one(
        storage::sql(tx).query("SELECT " PASSKEY_COLUMNS " FROM passkeys WHERE credential_id = $1", credential_id));
  }

  Result<std::optional<Passkey>> lock(core::Tx& tx, crypto::Bytes credential_id) override {
    return read_one(storage::sql(tx).query(
        "SELECT " PASSKEY_COLUMNS " FROM passkeys WHERE credential_id = $1 FOR UPDATE", credential_id));
  }

  Result<> update_use(core::Tx& tx, const Passkey& p) override {
    return storage::sql(tx).send("UPDATE passkeys SET sign_count = $2, backed_up = $3, last_used_at = $4 WHERE id = $1",
                                 p.id, p.sign_count, int64_t{p.backed_up}, p.last_used_at);
  }

  Result<bool> rename(core::Tx& tx, UserId user, PasskeyId id, std::string_view name) override {
    return TRY(storage::sql(tx).query("UPDATE passkeys SET name = $3 WHERE id = $1 AND user_id = $2", id, user, name))
               .changed() == 1;
  }

  Result<std::optional<std::string>> remove(core::Tx& tx, UserId user, PasskeyId id) override {
    const auto rows =
        TRY(storage::sql(tx).query("DELETE FROM passkeys WHERE id = $1 AND user_id = $2 RETURNING name", id, user));
    return rows.empty() ? std::nullopt : std::optional(std::string(rows[0].text(0)));
  }

  Result<> remove_all(core::Tx& tx, UserId user) override {
    return storage::sql(tx).send("DELETE FROM passkeys WHERE user_id = $1", user);
  }

  Result<> put_challenge(core::Tx& tx, const crypto::Digest256& hash, const Challenge& challenge) override {
    return storage::sql(tx).send(
        "INSERT INTO passkey_challenges (challenge_hash, purpose, user_id, session_id, auth_epoch, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        hash, core::to_text(challenge.purpose), challenge.user, challenge.session, challenge.auth_epoch,
        challenge.expires_at);
  }

  Result<std::optional<Challenge>> take_challenge(core::Tx& tx, const crypto::Digest256& hash) override {
    const auto rows = TRY(storage::sql(tx).query(
        "DELETE FROM passkey_challenges WHERE challenge_hash = $1 RETURNING purpose, user_id, session_id, expires_at, "
        "auth_epoch",
        hash));
    if (rows.empty()) return std::nullopt;
    const auto purpose = core::from_text<Purpose>(rows[0].text(0));
    if (!purpose) return std::nullopt;
    Challenge out{
        .purpose = *purpose, .user = {}, .session = {}, .auth_epoch = rows[0].number(4), .expires_at = rows[0].time(3)};
    if (const auto user = rows[0].uuid_or_null(1)) out.user = UserId{*user};
    if (const auto session = rows[0].uuid_or_null(2)) out.session = sessions::SessionId{*session};
    return out;
  }

  Result<int64_t> prune_challenges(core::Tx& tx, core::Time before, int64_t limit) override {
    return storage::prune(tx, {"passkey_challenges", "challenge_hash", "expires_at"}, before, limit);
  }
};

}  // namespace

std::unique_ptr<PasskeyStore> create_sql_passkey_store() { return std::make_unique<SqlPasskeyStore>(); }

}  // namespace webauthn
