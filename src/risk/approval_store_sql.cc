#include "risk/approval_store_sql.h"

#include <algorithm>

#include "storage/database.h"

#define APPROVAL_COLUMNS "id, user_id, token_hash, number, state, device, ip_address, at, expires_at"

namespace risk {
namespace {

Approval read(const storage::Row& row) {
  crypto::Digest256 token{};
  std::ranges::copy_n(row.bytes(2).begin(), std::min(std::ssize(row.bytes(2)), std::ssize(token)), token.begin());
  return {.id = row.id<ApprovalId>(0),
          .user = row.id<accounts::UserId>(1),
          .token = token,
          .number = std::string(row.text(3)),
          .state = core::from_text<ApprovalState>(row.text(4)).value_or(ApprovalState::denied),
          .device = std::string(row.text(5)),
          .ip_address = std::string(row.text(6)),
          .at = row.time(7),
          .expires_at = row.time(8)};
}

class SqlApprovalStore final : public ApprovalStore {
 public:
  core::Result<> create(core::Tx& tx, const Approval& approval) override {
    return storage::sql(tx).send(
        "INSERT INTO approvals (" APPROVAL_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)", approval.id,
        approval.user, approval.token, approval.number, core::to_text(approval.state), approval.device,
        approval.ip_address, approval.at, approval.expires_at);
  }

  core::Result<std::vector<Approval>> list(core::Tx& tx, accounts::UserId user, core::Time since) override {
    const auto rows = TRY(storage::sql(tx).query("SELECT " APPROVAL_COLUMNS
                                                 " FROM approvals WHERE user_id = $1 AND at >= $2 ORDER BY at DESC, id "
                                                 "DESC LIMIT 100",
                                                 user, since));
    std::vector<Approval> approvals;
    for (storage::Row row : rows) approvals.push_back(read(row));
    return approvals;
  }

  core::Result<std::optional<Approval>> find(core::Tx& tx, const crypto::Digest256& token) override {
    const auto rows =
        TRY(storage::sql(tx).query("SELECT " APPROVAL_COLUMNS " FROM approvals WHERE token_hash = $1", token));
    return rows.empty() ? std::nullopt : std::optional(read(rows[0]));
  }

  core::Result<bool> decide(core::Tx& tx, ApprovalId id, ApprovalState state) override {
    return TRY(storage::sql(tx).query("UPDATE approvals SET state = $2 WHERE id = $1 AND state = 'waiting'", id,
                                      core::to_text(state)))
               .changed() == 1;
  }

  core::Result<int64_t> prune(core::Tx& tx, core::Time before, int64_t limit) override {
    return storage::prune(tx, {"approvals", "id", "at"}, before, limit);
  }
};

}  // namespace

std::unique_ptr<ApprovalStore> create_sql_approval_store() { return std::make_unique<SqlApprovalStore>(); }

}  // namespace risk
