// Owns: the SQL functions that make one SQL text work on both engines.
// Does not own: PostgreSQL's side of them (migrations.cc).
// Thread rule: called once per connection, when it is opened.
#pragma once
#include <sqlite3.h>

#include "core/clock.h"

namespace storage::sqlite {

// usher_now(), usher_txid(), usher_snapshot_xmin(), greatest(), least(). `clock` outlives `db`.
int register_functions(sqlite3* db, const core::Clock& clock);

}  // namespace storage::sqlite
