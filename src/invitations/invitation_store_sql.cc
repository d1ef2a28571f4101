#include "invitations/invitation_store_sql.h"

#include "access/grants.h"
#include "core/text.h"
#include "storage/database.h"

namespace invitations {
namespace {

#define COLUMNS "id, email, email_key, first_name, last_name, roles, invited_by, created_at, expires_at"

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> names;
  std::optional<std::string_view> rest = text;
  while (const auto name = core::next_part(rest, ','))
    if (!name->empty()) names.emplace_back(*name);
  return names;
}

Invitation read(const storage::Row& row) {
  return {.id = row.id<InvitationId>(0),
          .email = std::string(row.text(1)),
          .email_key = std::string(row.text(2)),
          .first_name = std::string(row.text(3)),
          .last_name = std::string(row.text(4)),
          .roles = split(row.text(5)),
          .invited_by = row.id<accounts::UserId>(6),
          .created_at = row.time(7),
          .expires_at = row.time(8)};
}

class SqlStore final : public InvitationStore {
 public:
  core::Result<> create(core::Tx& tx, const crypto::Digest256& token, const Invitation& i) override {
    TRY(storage::sql(tx).send("DELETE FROM invitations WHERE email_key = $1", i.email_key));
    return storage::sql(tx).send("INSERT INTO invitations (token_hash, " COLUMNS
                                 ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                                 token, i.id, i.email, i.email_key, i.first_name, i.last_name, roles::join(i.roles),
                                 i.invited_by, i.created_at, i.expires_at);
  }

  core::Result<std::optional<Invitation>> find(core::Tx& tx, const crypto::Digest256& token) override {
    const auto rows = TRY(storage::sql(tx).query("SELECT " COLUMNS " FROM invitations WHERE token_hash = $1", token));
    return rows.empty() ? std::nullopt : std::optional(read(rows[0]));
  }

  core::Result<bool> consume(core::Tx& tx, const crypto::Digest256& token) override {
    return TRY(storage::sql(tx).query("DELETE FROM invitations WHERE token_hash = $1", token)).changed() == 1;
  }

  core::Result<std::vector<Invitation>> list(core::Tx& tx, core::Time now, const Page& page) override {
    const auto rows =
        page.after ? TRY(storage::sql(tx).query("SELECT " COLUMNS " FROM invitations WHERE expires_at > $1 AND id < $3 "
                                                "ORDER BY id DESC LIMIT $2",
                                                now, page.limit, *page.after))
                   : TRY(storage::sql(tx).query("SELECT " COLUMNS
                                                " FROM invitations WHERE expires_at > $1 ORDER BY id DESC LIMIT $2",
                                                now, page.limit));
    std::vector<Invitation> found;
    for (storage::Row row : rows) found.push_back(read(row));
    return found;
  }

  core::Result<bool> remove(core::Tx& tx, InvitationId id, core::Time now) override {
    return TRY(storage::sql(tx).query("DELETE FROM invitations WHERE id = $1 AND expires_at > $2", id, now))
               .changed() == 1;
  }

  core::Result<int64_t> prune(core::Tx& tx, core::Time before, int64_t limit) override {
    return storage::prune(tx, {"invitations", "token_hash", "expires_at"}, before, limit);
  }
};

}  // namespace

std::unique_ptr<InvitationStore> create_sql_invitation_store() { return std::make_unique<SqlStore>(); }

}  // namespace invitations
