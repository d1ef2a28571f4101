// The limits that the server is compared with, measured on the same machine in the same run:
//   bench_limits argon2 SECONDS THREADS    hashes a second of libsodium's argon2id at the default cost
//   bench_limits sqlite SECONDS DIRECTORY  one-row updates a second, each committed alone with synchronous=FULL
#include <sqlite3.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "crypto/password_hash.h"

namespace {

using Clock = std::chrono::steady_clock;

double argon2_per_second(double seconds, int threads) {
  std::atomic<long> hashes{0};
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  std::vector<std::jthread> all;
  for (int i = 0; i < threads; ++i)
    all.emplace_back([&] {
      while (Clock::now() < end)
        if (crypto::hash_password(crypto::Secret("correct-horse-battery-7"), {})) ++hashes;
    });
  all.clear();
  return static_cast<double>(hashes) / seconds;
}

void must(int code, const char* what) {
  if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return;
  std::fprintf(stderr, "%s: %s\n", what, sqlite3_errstr(code));
  std::exit(1);
}

double sqlite_per_second(double seconds, const std::string& directory) {
  sqlite3* db = nullptr;
  must(sqlite3_open((directory + "/limit.db").c_str(), &db), "open");
  must(sqlite3_exec(
           db,
           "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER);"
           "INSERT INTO t VALUES (1, 0)",
           nullptr, nullptr, nullptr),
       "create");
  sqlite3_stmt* update = nullptr;
  must(sqlite3_prepare_v2(db, "UPDATE t SET n = n + 1 WHERE id = 1", -1, &update, nullptr), "prepare");
  long updates = 0;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  for (; Clock::now() < end; ++updates) {
    must(sqlite3_step(update), "update");
    must(sqlite3_reset(update), "reset");
  }
  sqlite3_finalize(update);
  sqlite3_close(db);
  return static_cast<double>(updates) / seconds;
}

}  // namespace

int main(int count, char** words) {
  if (count != 4) return std::fprintf(stderr, "usage: bench_limits argon2|sqlite SECONDS THREADS|DIRECTORY\n"), 2;
  const double seconds = std::atof(words[2]);
  const bool argon2 = std::string(words[1]) == "argon2";
  std::printf("%.1f\n",
              argon2 ? argon2_per_second(seconds, std::atoi(words[3])) : sqlite_per_second(seconds, words[3]));
}
