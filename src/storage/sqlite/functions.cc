#include "storage/sqlite/functions.h"

namespace storage::sqlite {
namespace {

using Function = void (*)(sqlite3_context*, int, sqlite3_value**);

void now(sqlite3_context* context, int, sqlite3_value**) {
  const auto* clock = static_cast<const core::Clock*>(sqlite3_user_data(context));
  sqlite3_result_int64(context, core::to_millis(clock->now()));
}

void zero(sqlite3_context* context, int, sqlite3_value**) { sqlite3_result_int64(context, 0); }

enum class Pick { greatest, least };

// Numbers only, and NULLs are skipped, as PostgreSQL does (SQLite's own max() answers NULL for them).
template <Pick pick>
void extreme(sqlite3_context* context, int count, sqlite3_value** values) {
  bool found = false;
  sqlite3_int64 best = 0;
  for (int i = 0; i < count; ++i) {
    if (sqlite3_value_type(values[i]) == SQLITE_NULL) continue;
    const sqlite3_int64 value = sqlite3_value_int64(values[i]);
    if (!found || (pick == Pick::greatest ? value > best : value < best)) best = value;
    found = true;
  }
  if (found) sqlite3_result_int64(context, best);
}

struct Entry {
  const char* name;
  int arguments;  // -1: any number
  int flags;
  Function function;
};

constexpr Entry entries[] = {
    {"usher_now", 0, 0, now},
    {"usher_txid", 0, 0, zero},
    {"usher_snapshot_xmin", 0, 0, zero},
    {"greatest", -1, SQLITE_DETERMINISTIC, extreme<Pick::greatest>},
    {"least", -1, SQLITE_DETERMINISTIC, extreme<Pick::least>},
};

}  // namespace

int register_functions(sqlite3* db, const core::Clock& clock) {
  for (const Entry& entry : entries) {
    const int rc =
        sqlite3_create_function_v2(db, entry.name, entry.arguments, SQLITE_UTF8 | SQLITE_INNOCUOUS | entry.flags,
                                   const_cast<core::Clock*>(&clock), entry.function, nullptr, nullptr, nullptr);
    if (rc != SQLITE_OK) return rc;
  }
  return SQLITE_OK;
}

}  // namespace storage::sqlite
