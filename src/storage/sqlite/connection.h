// Owns: one sqlite3 handle, its settings and its cache of prepared statements.
// Does not own: transactions (writer.h, readers.h) or which thread uses it.
// Thread rule: one thread at a time.
#pragma once
#include <sqlite3.h>

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/database.h"
#include "storage/sqlite/sqlite.h"

namespace storage::sqlite {

enum class Access { write, read };

// `sql` without a trailing FOR UPDATE, FOR SHARE and the like, whatever follows these words.
std::string_view without_row_lock(std::string_view sql);

class Connection {
 public:
  static core::Result<std::unique_ptr<Connection>> open(const SqliteOptions& options, Access access,
                                                        const core::Clock& clock);

  // A statement of a caller. It cannot begin or end a transaction, nor attach a file.
  core::Result<Rows> query(std::string_view sql, std::span<const Param> params);
  core::Result<> script(const std::string& sql);
  // BEGIN, SAVEPOINT, COMMIT and settings.
  core::Result<Rows> control(std::string_view sql);
  // False once an error made SQLite roll back everything by itself.
  bool in_transaction() const { return sqlite3_get_autocommit(db_.get()) == 0; }
  // A deferred foreign key is violated: COMMIT would fail.
  bool foreign_keys_pending() const;

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  struct Statement {
    std::unique_ptr<sqlite3_stmt, Close> handle;
    std::vector<int> slots;  // slots[n - 1]: the index of $n, which SQLite numbers by first appearance; 0 for a gap
  };
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  enum class Speaker { caller, storage };

  explicit Connection(sqlite3* db) : db_(db) {}
  core::Result<> configure(const SqliteOptions& options, Access access, const core::Clock& clock);
  core::Result<Statement*> prepare(std::string_view sql);
  core::Result<> bind(Statement& statement, std::span<const Param> params);
  core::Result<Rows> collect(sqlite3_stmt* statement);
  core::Result<> add_row(sqlite3_stmt* statement, Rows& rows);
  std::unexpected<core::Error> failure(int rc) const;
  static int authorize(void* self, int action, const char*, const char*, const char*, const char*);

  std::unique_ptr<sqlite3, Close> db_;
  Speaker speaker_ = Speaker::storage;
  // By speaker: what was prepared for the storage would pass the authorizer.
  std::array<std::unordered_map<std::string, Statement, Hash, std::equal_to<>>, 2> statements_;
};

}  // namespace storage::sqlite
