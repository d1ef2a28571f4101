#include "storage/migrations.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <map>

#include "storage/migrations/embedded.h"

namespace storage {
namespace {

// Both engines reach the runner with the same words; what PostgreSQL needs before anything else is here.
// The number of the lock is arbitrary, and the same for every version of Usher. Whoever waits for the lock of a table
// holds up all others who want it: a migration that does not get one soon begins again at the next start.
constexpr const char* postgres_bootstrap = R"sql(
SET LOCAL statement_timeout = 0;
SET LOCAL lock_timeout = '5min';
SELECT pg_advisory_xact_lock(8507301842);
SET LOCAL lock_timeout = '2s';
CREATE OR REPLACE FUNCTION usher_now() RETURNS bigint LANGUAGE sql VOLATILE
  AS 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint';
CREATE OR REPLACE FUNCTION usher_txid() RETURNS bigint LANGUAGE sql VOLATILE
  AS 'SELECT pg_current_xact_id()::text::bigint';
CREATE OR REPLACE FUNCTION usher_snapshot_xmin() RETURNS bigint LANGUAGE sql VOLATILE
  AS 'SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint';
)sql";

// What a name begins with when the binaries of the version before cannot work on what the migration leaves. All others
// only add, or drop what answers do not depend on (an index), so that a fleet is updated node by node, and a node of
// the version before may start again meanwhile.
constexpr std::string_view breaking = "contract_";

constexpr const char* history_table =
    "CREATE TABLE IF NOT EXISTS schema_migrations ("
    "version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)";

struct Applied {
  std::string name, checksum;
  core::Time at;
};
using History = std::map<int64_t, Applied>;

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  const int done = EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  assert(done == 1);
  (void)done;
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex += "0123456789abcdef"[digest[i] >> 4];
    hex += "0123456789abcdef"[digest[i] & 15];
  }
  return hex;
}

core::Result<History> list_applied(Transaction& tx) {
  History history;
  for (Row row : TRY(tx.query("SELECT version, name, checksum, applied_at FROM schema_migrations"))) {
    history[row.number(0)] = {std::string(row.text(1)), std::string(row.text(2)), row.time(3)};
  }
  return history;
}

core::Result<bool> has_history(Transaction& tx, Engine engine) {
  const auto rows =
      TRY(tx.query(engine == Engine::sqlite ? "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_migrations'"
                                            : "SELECT (to_regclass('schema_migrations') IS NOT NULL)::int"));
  return rows[0].number(0) > 0;
}

std::vector<MigrationStatus> compare(const History& history, std::span<const Migration> migrations) {
  std::vector<MigrationStatus> all;
  for (const Migration& migration : migrations) {
    MigrationStatus status{migration.version, std::string(migration.name), MigrationState::pending, std::nullopt};
    if (auto found = history.find(migration.version); found != history.end()) {
      status.applied_at = found->second.at;
      const bool same = found->second.checksum == sha256_hex(migration.sql);
      status.state = same ? MigrationState::applied : MigrationState::changed;
    }
    all.push_back(std::move(status));
  }
  for (const auto& [version, applied] : history) {
    if (std::ranges::find(migrations, version, &Migration::version) != migrations.end()) continue;
    all.push_back({version, applied.name, MigrationState::newer, applied.at});
  }
  std::ranges::sort(all, {}, &MigrationStatus::version);
  return all;
}

std::string label(int64_t version, std::string_view name) {
  std::string number = std::to_string(version);
  number.insert(0, number.size() < 4 ? 4 - number.size() : 0, '0');
  return number + "_" + std::string(name);
}

core::Result<> apply(Transaction& tx, const Migration& migration) {
  auto done = tx.script(std::string(migration.sql));
  if (done) {
    done = [&]() -> core::Result<> {
      TRY(tx.query(
          "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ($1, $2, $3, usher_now())",
          migration.version, migration.name, sha256_hex(migration.sql)));
      return {};
    }();
  }
  if (!done) {
    done.error().cause = "migration " + label(migration.version, migration.name) + " failed: " + done.error().cause;
    if (done.error().code == core::Code::conflict) done.error().code = core::Code::internal;
  }
  return done;
}

struct Step {
  size_t applied = 0;
  bool last = true;
};

// Everything, where there is nothing yet; else the next one, so that no table is locked while another is waited for.
core::Result<Step> apply_some(Transaction& tx, Engine engine, std::span<const Migration> migrations) {
  if (engine == Engine::postgres) TRY(tx.script(postgres_bootstrap));
  TRY(tx.script(history_table));
  const auto history = TRY(list_applied(tx));
  const auto all = compare(history, migrations);
  TRY(check_history(all));
  Step step;
  for (const MigrationStatus& status : all) {
    if (status.state != MigrationState::pending) continue;
    if (!history.empty() && step.applied == 1) return Step{.applied = 1, .last = false};
    TRY(apply(tx, *std::ranges::find(migrations, status.version, &Migration::version)));
    ++step.applied;
  }
  return step;
}

}  // namespace

std::vector<Migration> embedded_migrations(Engine engine) { return select_migrations(embedded_files(), engine); }

std::vector<Migration> select_migrations(std::span<const EmbeddedFile> files, Engine engine) {
  std::vector<Migration> migrations;
  for (const EmbeddedFile& file : files) {
    int64_t version = 0;
    const auto [digits_end, error] = std::from_chars(file.name.data(), file.name.data() + file.name.size(), version);
    assert(error == std::errc() && digits_end == file.name.data() + 4 && *digits_end == '_' && "NNNN_name.sql");
    std::string_view name = file.name.substr(5);
    assert(name.ends_with(".sql"));
    name.remove_suffix(4);
    const size_t dot = name.find('.');
    const std::string_view only = dot == name.npos ? std::string_view() : name.substr(dot + 1);
    assert(only.empty() || only == "sqlite" || only == "postgres");
    if (!only.empty() && only != (engine == Engine::sqlite ? "sqlite" : "postgres")) continue;
    migrations.push_back({version, name.substr(0, dot), file.content});
  }
  std::ranges::sort(migrations, {}, &Migration::version);
  assert(std::ranges::adjacent_find(migrations, {}, &Migration::version) == migrations.end() && "a version twice");
  return migrations;
}

core::Result<std::vector<MigrationStatus>> migration_status(Database& database, std::span<const Migration> migrations) {
  return database.reading([&](core::Tx& tx) -> core::Result<std::vector<MigrationStatus>> {
    const bool migrated = TRY(has_history(sql(tx), database.engine()));
    return compare(migrated ? TRY(list_applied(sql(tx))) : History(), migrations);
  });
}

core::Result<std::vector<MigrationStatus>> migration_status(Database& database) {
  return migration_status(database, embedded_migrations(database.engine()));
}

core::Result<> check_history(const std::vector<MigrationStatus>& all) {
  for (const MigrationStatus& status : all) {
    const std::string name = label(status.version, status.name);
    if (status.state == MigrationState::changed) {
      return core::fail_because(core::Code::internal,
                                "migration " + name +
                                    " was applied with another text: install the version of Usher "
                                    "that applied it, or restore a backup");
    }
    if (status.state == MigrationState::newer && status.name.starts_with(breaking)) {
      return core::fail_because(core::Code::internal,
                                "the database was migrated by a newer Usher (" + name +
                                    "): install that version, or restore a backup made before it");
    }
  }
  return {};
}

core::Result<size_t> migrate_up(Database& database, std::span<const Migration> migrations, const Finish& finish) {
  for (size_t applied = 0;;) {
    const auto step = TRY(database.atomically([&](core::Tx& tx) -> core::Result<Step> {
      const Step done = TRY(apply_some(sql(tx), database.engine(), migrations));
      if (done.last && finish) TRY(finish(tx));
      return done;
    }));
    applied += step.applied;
    if (step.last) return applied;
  }
}

core::Result<size_t> migrate_up(Database& database, const Finish& finish) {
  return migrate_up(database, embedded_migrations(database.engine()), finish);
}

}  // namespace storage
