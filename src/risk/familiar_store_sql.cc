#include "risk/familiar_store_sql.h"

#include "storage/database.h"

namespace risk {
namespace {

// Of what one user has; the oldest are left out beyond.
constexpr int64_t most_traits = 1000;

class SqlFamiliarStore final : public FamiliarStore {
 public:
  core::Result<std::vector<Trait>> list(core::Tx& tx, accounts::UserId user) override {
    const auto rows = TRY(storage::sql(tx).query(
        "SELECT trait, last_at FROM familiar WHERE user_id = $1 ORDER BY last_at DESC LIMIT $2", user, most_traits));
    std::vector<Trait> traits;
    for (storage::Row row : rows) traits.push_back({std::string(row.text(0)), row.time(1)});
    return traits;
  }

  core::Result<> put(core::Tx& tx, accounts::UserId user, const Trait& trait) override {
    return storage::sql(tx).send(
        "INSERT INTO familiar (user_id, trait, last_at) VALUES ($1, $2, $3) ON CONFLICT (user_id, trait) DO UPDATE "
        "SET last_at = excluded.last_at WHERE familiar.last_at < excluded.last_at",
        user, trait.text, trait.last_at);
  }

  core::Result<> remove(core::Tx& tx, accounts::UserId user, const std::string& text) override {
    return storage::sql(tx).send("DELETE FROM familiar WHERE user_id = $1 AND trait = $2", user, text);
  }

  core::Result<int64_t> prune(core::Tx& tx, core::Time before, int64_t limit) override {
    return storage::prune(tx, {"familiar", "user_id, trait", "last_at"}, before, limit);
  }

  core::Result<> put_try(core::Tx& tx, const std::string& source, const crypto::Digest256& account,
                         core::Time at) override {
    return storage::sql(tx).send(
        "INSERT INTO tried_accounts (source, account, at) VALUES ($1, $2, $3) ON CONFLICT (source, account) DO UPDATE "
        "SET at = excluded.at WHERE tried_accounts.at < excluded.at",
        source, account, at);
  }

  core::Result<int64_t> count_tries(core::Tx& tx, const std::string& source, core::Time since, int64_t most) override {
    return TRY(
               storage::sql(tx).query("SELECT count(*) FROM (SELECT 1 FROM tried_accounts WHERE source = $1 AND at >= "
                                      "$2 LIMIT $3) AS tries",
                                      source, since, most))[0]
        .number(0);
  }

  core::Result<int64_t> prune_tries(core::Tx& tx, core::Time before, int64_t limit) override {
    return storage::prune(tx, {"tried_accounts", "source, account", "at"}, before, limit);
  }
};

}  // namespace

std::unique_ptr<FamiliarStore> create_sql_familiar_store() { return std::make_unique<SqlFamiliarStore>(); }

}  // namespace risk
