#include "storage/sqlite/errors.h"

#include <array>
#include <string>

namespace storage::sqlite {
namespace {

struct Meaning {
  int primary;
  core::Code code;
  std::string_view advice;
};

constexpr auto unavailable = core::Code::store_unavailable;

constexpr std::array meanings{
    Meaning{SQLITE_CONSTRAINT, core::Code::conflict, "a constraint of the schema was violated"},
    Meaning{SQLITE_FULL, unavailable, "the disk is full: free some space"},
    Meaning{SQLITE_IOERR, unavailable, "the disk failed: look at the system's log"},
    Meaning{SQLITE_BUSY, unavailable, "another process holds the database: end it or wait"},
    Meaning{SQLITE_LOCKED, unavailable, "another connection holds the table"},
    Meaning{SQLITE_PROTOCOL, unavailable, "another process kept the lock of the write-ahead log"},
    Meaning{SQLITE_CORRUPT, unavailable, "the database file is damaged: restore a backup"},
    Meaning{SQLITE_NOTADB, unavailable, "the file is not an SQLite database: choose another path or move it away"},
    Meaning{SQLITE_CANTOPEN, unavailable,
            "the file cannot be opened: its directory must exist and be writable for the user that runs Usher"},
    Meaning{SQLITE_READONLY, unavailable,
            "the file cannot be written: it and its directory must be writable for the user that runs Usher"},
    Meaning{SQLITE_PERM, unavailable, "the file may not be opened by the user that runs Usher"},
    Meaning{SQLITE_NOMEM, unavailable, "there is no memory left"},
};

}  // namespace

core::Error error_of(sqlite3* db, int rc) {
  // The connection's message belongs to its last call only.
  const bool current = db && sqlite3_extended_errcode(db) == rc;
  std::string said = current ? sqlite3_errmsg(db) : sqlite3_errstr(rc);
  said += " (SQLite " + std::to_string(rc) + ")";
  for (const Meaning& meaning : meanings) {
    if (meaning.primary == (rc & 0xff))
      return {.code = meaning.code, .cause = std::string(meaning.advice) + ": " + said};
  }
  return {.code = core::Code::internal, .cause = said};
}

}  // namespace storage::sqlite
