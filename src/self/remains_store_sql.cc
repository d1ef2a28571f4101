#include "self/remains_store_sql.h"

#include <array>

#include "storage/database.h"

namespace self {
namespace {

constexpr std::array<std::string_view, 10> tables{
    "verification_codes", "email_changes",      "totp_factors", "recovery_codes",  "sign_in_challenges",
    "passkeys",           "passkey_challenges", "familiar",     "sign_in_notices", "approvals"};

class SqlStore final : public RemainsStore {
 public:
  core::Result<> erase(core::Tx& tx, accounts::UserId user) override {
    for (const auto table : tables)
      TRY(storage::sql(tx).send("DELETE FROM " + std::string(table) + " WHERE user_id = $1", user));
    TRY(storage::sql(tx).send("DELETE FROM invitations WHERE invited_by = $1", user));
    return storage::sql(tx).send(
        "UPDATE sessions SET device_name = NULL, platform = NULL, app_version = NULL, user_agent = NULL, "
        "device_id = NULL, ip_address = '' WHERE user_id = $1",
        user);
  }

  core::Result<std::vector<accounts::UserId>> due(core::Tx& tx, core::Time now, int64_t limit) override {
    const auto rows = TRY(storage::sql(tx).query(
        "SELECT id FROM users WHERE delete_after IS NOT NULL AND delete_after <= $1 LIMIT $2", now, limit));
    std::vector<accounts::UserId> users;
    for (storage::Row row : rows) users.push_back(row.id<accounts::UserId>(0));
    return users;
  }
};

}  // namespace

std::unique_ptr<RemainsStore> create_sql_remains_store() { return std::make_unique<SqlStore>(); }

std::span<const std::string_view> erased_tables() { return tables; }

}  // namespace self
