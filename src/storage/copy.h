// Owns: moving everything that is truth from one database to another: all of it or nothing.
// Does not own: that nobody writes meanwhile (app/command_data.cc stops with a sentence when a server runs).
// Thread rule: any worker thread; the two databases are of different engines.
#pragma once
#include <span>

#include "storage/database.h"

namespace storage {

// A table whose rows are copied, by `key` in a fixed order.
struct Table {
  std::string_view name, key;
};

// In the order in which rows may refer to others. The outbox of changes is not among them: whoever starts on the copy
// holds nothing in memory that it could concern.
std::span<const Table> copied_tables();

struct Copied {
  std::string_view table;
  int64_t rows;
};

// Both have the schema of this binary; `to` is empty: conflict when it is not. What `from` holds is read in one
// snapshot, and committed to `to` in one transaction.
core::Result<std::vector<Copied>> copy(Database& from, Database& to);

}  // namespace storage
