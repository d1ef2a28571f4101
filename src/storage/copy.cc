#include "storage/copy.h"

namespace storage {
namespace {

constexpr int64_t batch = 5000;

constexpr std::array tables{Table{"users", "id"},
                            Table{"verification_codes", "user_id, purpose"},
                            Table{"sessions", "id"},
                            Table{"signing_keys", "kid"},
                            Table{"roles", "name"},
                            Table{"role_permissions", "role, permission"},
                            Table{"role_inherits", "role, inherits"},
                            Table{"role_assignments", "user_id, role"},
                            Table{"role_graph", "id"},
                            Table{"mail_outbox", "id"},
                            Table{"audit_events", "id"}};

// The one row that a migration makes is replaced.
core::Result<> ensure_empty(Transaction& to) {
  TRY(to.query("DELETE FROM role_graph"));
  for (const Table& table : tables) {
    const auto rows = TRY(to.query("SELECT count(*) FROM " + std::string(table.name)));
    if (rows[0].number(0) > 0)
      return core::fail(core::Code::conflict, "the database to copy to is not empty: its table " +
                                                  std::string(table.name) + " has rows; give one that is new");
  }
  return {};
}

std::string insert_into(const Table& table, size_t columns) {
  std::string sql = "INSERT INTO " + std::string(table.name) + " VALUES (";
  for (size_t i = 1; i <= columns; ++i) sql += (i > 1 ? ", $" : "$") + std::to_string(i);
  return sql + ')';
}

core::Result<> insert(Transaction& to, const Table& table, const Rows& rows) {
  const std::string sql = insert_into(table, rows.columns());
  std::vector<Param> params(rows.columns());
  for (Row row : rows) {
    for (size_t i = 0; i < params.size(); ++i) params[i] = row.as_param(static_cast<int>(i));
    TRY(to.execute(sql, params));
  }
  return {};
}

core::Result<int64_t> copy_table(Transaction& from, Transaction& to, const Table& table) {
  const std::string sql =
      "SELECT * FROM " + std::string(table.name) + " ORDER BY " + std::string(table.key) + " LIMIT $1 OFFSET $2";
  for (int64_t done = 0;;) {
    const auto rows = TRY(from.query(sql, batch, done));
    TRY(insert(to, table, rows));
    done += static_cast<int64_t>(rows.size());
    if (static_cast<int64_t>(rows.size()) < batch) return done;
  }
}

}  // namespace

std::span<const Table> copied_tables() { return tables; }

core::Result<std::vector<Copied>> copy(Database& from, Database& to) {
  return to.atomically([&](core::Tx& into) -> core::Result<std::vector<Copied>> {
    TRY(ensure_empty(sql(into)));
    return from.reading([&](core::Tx& out) -> core::Result<std::vector<Copied>> {
      std::vector<Copied> copied;
      for (const Table& table : tables) copied.push_back({table.name, TRY(copy_table(sql(out), sql(into), table))});
      return copied;
    });
  });
}

}  // namespace storage
