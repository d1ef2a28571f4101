#include "tokens/key_store_sql.h"

#include "storage/database.h"

namespace tokens {
namespace {

StoredKey read(const storage::Row& row) {
  const auto sealed = row.bytes(3);
  return {.kid = std::string(row.text(0)),
          .purpose = core::from_text<Purpose>(row.text(1)).value_or(Purpose::access),
          .algorithm = crypto::parse_algorithm(row.text(2)).value_or(crypto::Algorithm::ES256),
          .sealed = {sealed.begin(), sealed.end()},
          .created_at = row.time(4),
          .active_at = row.time(5),
          .retired_at = row.time_or_null(6)};
}

class SqlKeyStore final : public KeyStore {
 public:
  core::Result<> lock(core::Tx& tx) override {
    TRY(storage::sql(tx).query("SELECT version FROM schema_migrations WHERE version = 1 FOR UPDATE"));
    return {};
  }

  core::Result<> create(core::Tx& tx, const StoredKey& key) override {
    TRY(storage::sql(tx).query(
        "INSERT INTO signing_keys (kid, purpose, algorithm, sealed, created_at, active_at, retired_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        key.kid, core::to_text(key.purpose), crypto::name(key.algorithm), key.sealed, key.created_at, key.active_at,
        key.retired_at));
    return {};
  }

  core::Result<std::vector<StoredKey>> list(core::Tx& tx) override {
    const auto rows =
        TRY(storage::sql(tx).query("SELECT kid, purpose, algorithm, sealed, created_at, active_at, retired_at FROM "
                                   "signing_keys ORDER BY active_at, kid"));
    std::vector<StoredKey> keys;
    for (storage::Row row : rows) keys.push_back(read(row));
    return keys;
  }

  core::Result<> retire(core::Tx& tx, std::string_view kid, core::Time at) override {
    TRY(storage::sql(tx).query("UPDATE signing_keys SET retired_at = $2 WHERE kid = $1 AND retired_at IS NULL", kid,
                               at));
    return {};
  }

  core::Result<int64_t> prune(core::Tx& tx, core::Time before) override {
    return TRY(storage::sql(tx).query("DELETE FROM signing_keys WHERE retired_at < $1", before)).changed();
  }
};

}  // namespace

std::unique_ptr<KeyStore> create_sql_key_store() { return std::make_unique<SqlKeyStore>(); }

}  // namespace tokens
