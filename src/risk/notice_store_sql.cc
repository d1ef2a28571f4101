#include "risk/notice_store_sql.h"

#include "storage/database.h"

namespace risk {
namespace {

class SqlNoticeStore final : public NoticeStore {
 public:
  core::Result<> create(core::Tx& tx, const crypto::Digest256& token, const Notice& notice) override {
    return storage::sql(tx).send(
        "INSERT INTO sign_in_notices (token_hash, user_id, session_id, device, ip_address, at, expires_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        token, notice.user, notice.session, notice.device, notice.ip_address, notice.at, notice.expires_at);
  }

  core::Result<std::optional<Notice>> find(core::Tx& tx, const crypto::Digest256& token) override {
    const auto rows = TRY(storage::sql(tx).query(
        "SELECT user_id, session_id, device, ip_address, at, expires_at FROM sign_in_notices WHERE token_hash = $1",
        token));
    if (rows.empty()) return std::nullopt;
    storage::Row row = rows[0];
    return Notice{row.id<accounts::UserId>(0),
                  row.id<sessions::SessionId>(1),
                  std::string(row.text(2)),
                  std::string(row.text(3)),
                  row.time(4),
                  row.time(5)};
  }

  core::Result<bool> consume(core::Tx& tx, const crypto::Digest256& token) override {
    return TRY(storage::sql(tx).query("DELETE FROM sign_in_notices WHERE token_hash = $1", token)).changed() == 1;
  }

  core::Result<int64_t> prune(core::Tx& tx, core::Time before, int64_t limit) override {
    return storage::prune(tx, {"sign_in_notices", "token_hash", "expires_at"}, before, limit);
  }
};

}  // namespace

std::unique_ptr<NoticeStore> create_sql_notice_store() { return std::make_unique<SqlNoticeStore>(); }

}  // namespace risk
