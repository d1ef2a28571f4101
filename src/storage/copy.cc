#include "storage/copy.h"

namespace storage {
namespace {

core::Result<> insert(Transaction& to, const Table& table, const Rows& rows) {
  const std::string sql = insert_into(table);
  std::vector<Param> params(table.columns.size());
  for (Row row : rows) {
    for (size_t i = 0; i < params.size(); ++i) params[i] = row.as_param(static_cast<int>(i));
    TRY(to.post(sql, params));
  }
  return {};
}

core::Result<int64_t> copy_table(Transaction& from, Transaction& to, const Table& table) {
  for (int64_t done = 0;;) {
    const auto rows = TRY(read_batch(from, table, done));
    TRY(insert(to, table, rows));
    done += static_cast<int64_t>(rows.size());
    if (static_cast<int64_t>(rows.size()) < batch) return done;
  }
}

std::string columns_of(const Table& table) {
  std::string out;
  for (const Column& column : table.columns) out += (out.empty() ? "" : ", ") + std::string(column.name);
  return out;
}

}  // namespace

core::Result<> ensure_empty(Transaction& to) {
  TRY(to.query("DELETE FROM role_graph"));
  for (const Table& table : copied_tables()) {
    const auto rows = TRY(to.query("SELECT count(*) FROM " + std::string(table.name)));
    if (rows[0].number(0) > 0)
      return core::fail(core::Code::conflict, "the database to copy to is not empty: its table " +
                                                  std::string(table.name) + " has rows; give one that is new");
  }
  return {};
}

std::string insert_into(const Table& table) {
  std::string sql = "INSERT INTO " + std::string(table.name) + " (" + columns_of(table) + ") VALUES (";
  for (size_t i = 1; i <= table.columns.size(); ++i) sql += (i > 1 ? ", $" : "$") + std::to_string(i);
  return sql + ')';
}

core::Result<Rows> read_batch(Transaction& from, const Table& table, int64_t done) {
  return from.query("SELECT " + columns_of(table) + " FROM " + std::string(table.name) + " ORDER BY " +
                        std::string(table.key) + " LIMIT $1 OFFSET $2",
                    batch, done);
}

core::Result<std::vector<Copied>> copy(Database& from, Database& to) {
  return to.atomically([&](core::Tx& into) -> core::Result<std::vector<Copied>> {
    TRY(ensure_empty(sql(into)));
    return from.reading([&](core::Tx& out) -> core::Result<std::vector<Copied>> {
      std::vector<Copied> copied;
      for (const Table& table : copied_tables())
        copied.push_back({table.name, TRY(copy_table(sql(out), sql(into), table))});
      return copied;
    });
  });
}

}  // namespace storage
