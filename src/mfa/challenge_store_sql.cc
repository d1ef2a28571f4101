#include "mfa/challenge_store_sql.h"

#include "storage/database.h"

namespace mfa {
namespace {

class SqlChallengeStore final : public ChallengeStore {
 public:
  core::Result<> create(core::Tx& tx, const crypto::Digest256& token, const Challenge& challenge) override {
    return storage::sql(tx).send(
        "INSERT INTO sign_in_challenges (token_hash, user_id, auth_epoch, amr, expires_at) VALUES ($1, $2, $3, $4, $5)",
        token, challenge.user, challenge.auth_epoch, challenge.amr, challenge.expires_at);
  }

  core::Result<std::optional<Challenge>> find(core::Tx& tx, const crypto::Digest256& token) override {
    const auto rows = TRY(storage::sql(tx).query(
        "SELECT user_id, auth_epoch, amr, expires_at FROM sign_in_challenges WHERE token_hash = $1", token));
    if (rows.empty()) return std::nullopt;
    storage::Row row = rows[0];
    return Challenge{row.id<accounts::UserId>(0), row.number(1), std::string(row.text(2)), row.time(3)};
  }

  core::Result<bool> consume(core::Tx& tx, const crypto::Digest256& token) override {
    return TRY(storage::sql(tx).query("DELETE FROM sign_in_challenges WHERE token_hash = $1", token)).changed() == 1;
  }

  core::Result<int64_t> prune(core::Tx& tx, core::Time before, int64_t limit) override {
    return storage::prune(tx, {"sign_in_challenges", "token_hash", "expires_at"}, before, limit);
  }
};

}  // namespace

std::unique_ptr<ChallengeStore> create_sql_challenge_store() { return std::make_unique<SqlChallengeStore>(); }

}  // namespace mfa
