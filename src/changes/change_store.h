// Owns: the outbox of changes.
// Does not own: polling it (change_feed.h).
// Thread rule: any worker thread.
#pragma once
#include "changes/change.h"
#include "core/unit_of_work.h"

namespace changes {

// Where a reader stands: it was given everything up to `seq`, but for transactions at or above `txid` that committed
// late.
struct Cursor {
  int64_t seq = 0;
  int64_t txid = 0;  // PostgreSQL: every transaction below it was seen, whatever its order of commit; SQLite: 0
  core::Time at{};   // of the row `seq`: another one may have its number in a database that went back
};

// As it was committed.
struct Row {
  int64_t seq = 0;
  int64_t txid = 0;  // PostgreSQL: of the transaction that wrote it; SQLite: 0
  core::Time at{};
  Change change;
};

struct Batch {
  std::vector<Row> changes;
  Cursor next;
  // The cursor is older than the oldest row kept, or too much was committed since, or the database went back:
  // everything must be reloaded.
  bool gap = false;
  // A row that was there is gone, and was not pruned: the database lost its last transactions.
  bool went_back = false;
};

class Store {
 public:
  virtual ~Store() = default;
  // The row's seq.
  virtual core::Result<int64_t> append(core::Tx& tx, const Change& change) = 0;
  // The cursor behind everything committed so far.
  virtual core::Result<Cursor> head(core::Tx& tx) = 0;
  // The oldest of the `most` newest rows, as a cursor; absent when there are none.
  virtual core::Result<std::optional<Cursor>> back(core::Tx& tx, int64_t most) = 0;
  // What was committed since; may repeat changes that an earlier batch held, and skips none.
  virtual core::Result<Batch> list(core::Tx& tx, const Cursor& since) = 0;
  // Whether there is a row `seq`.
  virtual core::Result<bool> holds(core::Tx& tx, int64_t seq) = 0;
  // Deletes rows older than `before`, at most `limit`; the number deleted.
  virtual core::Result<int64_t> prune(core::Tx& tx, core::Time before, int64_t limit) = 0;
};

}  // namespace changes
