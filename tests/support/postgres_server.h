// Owns: a throw-away PostgreSQL server on a Unix socket below /tmp, one per test process, started when first asked
// for. It is stopped and removed when the process ends, however it ends.
// Does not own: what is in the databases.
// Thread rule: any thread.
#pragma once
#include <optional>
#include <string>

namespace support {

// Says why there is no server; for GTEST_SKIP.
inline constexpr const char* postgres_absent = "skipped: the programs of PostgreSQL 15 are not installed";

// The URL of a new, empty database; absent where PostgreSQL is not installed.
std::optional<std::string> create_postgres_database();
// As a crash would: connections are cut, what was committed stays. Returns once the server answers again.
void restart_postgres();
// The server is frozen, as a hung disk would freeze it, and thawed.
void freeze_postgres();
void thaw_postgres();

}  // namespace support
