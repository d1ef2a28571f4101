// Owns: moving everything that is truth from one database to another: all of it or nothing.
// Does not own: that nobody writes meanwhile (app/command_data.cc stops with a sentence when a server runs).
// Thread rule: any worker thread; the two databases are of different engines.
#pragma once
#include "storage/database.h"
#include "storage/tables.h"

namespace storage {

struct Copied {
  std::string_view table;
  int64_t rows;
};

// conflict when a table has rows. The one row that a migration makes is deleted: what is inserted brings its own.
core::Result<> ensure_empty(Transaction& to);
std::string insert_into(const Table& table);
// The rows from number `done` on, by the table's key; fewer than `batch` at its end.
constexpr int64_t batch = 5000;
core::Result<Rows> read_batch(Transaction& from, const Table& table, int64_t done);

// Both have the schema of this binary; `to` is empty: conflict when it is not. What `from` holds is read in one
// snapshot, and committed to `to` in one transaction.
core::Result<std::vector<Copied>> copy(Database& from, Database& to);

}  // namespace storage
