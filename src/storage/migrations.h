// Owns: bringing a database to the schema of this binary, once, whoever starts at the same time.
// Does not own: the tables themselves (migrations/NNNN_name.sql, written with the features).
// Thread rule: any worker thread, any number of processes.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/database.h"

namespace storage {

struct Migration {
  int64_t version;
  std::string_view name;  // "accounts" of 0001_accounts.sql
  std::string_view sql;   // constant text
};

// The files of src/storage/migrations for one engine, by version: NNNN_name.sql is for both,
// NNNN_name.sqlite.sql and NNNN_name.postgres.sql for one each.
std::vector<Migration> embedded_migrations(Engine engine);

enum class MigrationState {
  pending,
  applied,
  changed,  // applied, but its text is another one now
  newer,    // applied by a newer binary, unknown to this one; it may be worked with unless it is a contract_…
};

struct MigrationStatus {
  int64_t version;
  std::string name;
  MigrationState state;
  std::optional<core::Time> applied_at;
};

// By version; a database that was never migrated shows all as pending.
core::Result<std::vector<MigrationStatus>> migration_status(Database& database, std::span<const Migration> migrations);
core::Result<std::vector<MigrationStatus>> migration_status(Database& database);

// internal, whose cause says what to do, when one was changed, or is newer than this binary and breaks it: its name
// begins with contract_.
core::Result<> check_history(const std::vector<MigrationStatus>& all);

// Applies what is pending, then calls `finish`, all in one transaction under one lock: several nodes may start
// together. Returns how many were applied. Errors: store_unavailable; those of check_history; internal for a migration
// that fails.
using Finish = std::function<core::Result<>(core::Tx&)>;
core::Result<size_t> migrate_up(Database& database, std::span<const Migration> migrations, const Finish& finish = {});
core::Result<size_t> migrate_up(Database& database, const Finish& finish = {});

}  // namespace storage
