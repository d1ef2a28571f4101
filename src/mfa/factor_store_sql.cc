#include "mfa/factor_store_sql.h"

#include "storage/database.h"

namespace mfa {
namespace {

#define TOTP_COLUMNS "user_id, sealed, last_step, created_at, confirmed_at, auth_epoch"

core::Result<std::optional<TotpFactor>> read(const core::Result<storage::Rows>& found) {
  if (!found) return std::unexpected(found.error());
  if (found->empty()) return std::nullopt;
  storage::Row row = (*found)[0];
  const storage::Bytes sealed = row.bytes(1);
  return TotpFactor{.user = row.id<accounts::UserId>(0),
                    .sealed = {sealed.begin(), sealed.end()},
                    .last_step = row.number(2),
                    .auth_epoch = row.number(5),
                    .created_at = row.time(3),
                    .confirmed_at = row.time_or_null(4)};
}

class SqlFactorStore final : public FactorStore {
 public:
  core::Result<std::optional<TotpFactor>> find_totp(core::Tx& tx, accounts::UserId user) override {
    return read(storage::sql(tx).query("SELECT " TOTP_COLUMNS " FROM totp_factors WHERE user_id = $1", user));
  }

  core::Result<std::optional<TotpFactor>> lock_totp(core::Tx& tx, accounts::UserId user) override {
    return read(
        storage::sql(tx).query("SELECT " TOTP_COLUMNS " FROM totp_factors WHERE user_id = $1 FOR UPDATE", user));
  }

  core::Result<> put_totp(core::Tx& tx, const TotpFactor& factor) override {
    return storage::sql(tx).send(
        "INSERT INTO totp_factors (" TOTP_COLUMNS
        ") VALUES ($1, $2, $3, $4, $5, $6)"
        " ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed, last_step = excluded.last_step,"
        " created_at = excluded.created_at, confirmed_at = excluded.confirmed_at, auth_epoch = excluded.auth_epoch",
        factor.user, factor.sealed, factor.last_step, factor.created_at, factor.confirmed_at, factor.auth_epoch);
  }

  core::Result<bool> remove_totp(core::Tx& tx, accounts::UserId user) override {
    return TRY(storage::sql(tx).query("DELETE FROM totp_factors WHERE user_id = $1", user)).changed() == 1;
  }

  core::Result<> put_recovery_codes(core::Tx& tx, accounts::UserId user,
                                    const std::vector<crypto::Digest256>& hashes) override {
    TRY(storage::sql(tx).send("DELETE FROM recovery_codes WHERE user_id = $1", user));
    for (const auto& hash : hashes)
      TRY(storage::sql(tx).send("INSERT INTO recovery_codes (user_id, code_hash) VALUES ($1, $2)", user, hash));
    return {};
  }

  core::Result<bool> consume_recovery_code(core::Tx& tx, accounts::UserId user,
                                           const crypto::Digest256& hash) override {
    return TRY(storage::sql(tx).query("DELETE FROM recovery_codes WHERE user_id = $1 AND code_hash = $2", user, hash))
               .changed() == 1;
  }

  core::Result<int64_t> count_recovery_codes(core::Tx& tx, accounts::UserId user) override {
    return TRY(storage::sql(tx).query("SELECT count(*) FROM recovery_codes WHERE user_id = $1", user))[0].number(0);
  }
};

}  // namespace

std::unique_ptr<FactorStore> create_sql_factor_store() { return std::make_unique<SqlFactorStore>(); }

}  // namespace mfa
