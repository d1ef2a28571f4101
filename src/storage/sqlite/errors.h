// Owns: what an SQLite result code means to the callers.
// Does not own: when a batch is lost (writer.h).
// Thread rule: plain functions; a connection is used by one thread at a time.
#pragma once
#include <sqlite3.h>

#include <string_view>

#include "core/result.h"

namespace storage::sqlite {

// `rc` as it was returned by a call on `db`. conflict, store_unavailable or internal; the cause names both.
core::Error error_of(sqlite3* db, int rc);

}  // namespace storage::sqlite
