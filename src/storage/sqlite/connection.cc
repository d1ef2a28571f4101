#include "storage/sqlite/connection.h"

#include <algorithm>
#include <cctype>
#include <cstring>

#include "storage/sqlite/errors.h"
#include "storage/sqlite/functions.h"

namespace storage::sqlite {
namespace {

// Texts are constants, so that this is reached only by a mistake; it then costs time, not memory.
constexpr size_t cached_statements = 1000;

bool ends_with_ignoring_case(std::string_view text, std::string_view ending) {
  return text.size() >= ending.size() && std::ranges::equal(text.substr(text.size() - ending.size()), ending, {},
                                                            [](unsigned char c) { return std::tolower(c); });
}

std::string_view trimmed(std::string_view text) {
  const size_t end = text.find_last_not_of(" \t\r\n;");
  return end == text.npos ? std::string_view() : text.substr(0, end + 1);
}

int bind_one(sqlite3_stmt* statement, int slot, const Param& param) {
  struct Visitor {
    sqlite3_stmt* statement;
    int slot;
    int operator()(std::nullptr_t) const { return sqlite3_bind_null(statement, slot); }
    int operator()(int64_t value) const { return sqlite3_bind_int64(statement, slot, value); }
    // A null pointer would bind NULL, and an empty view may hold one.
    int operator()(std::string_view text) const {
      return sqlite3_bind_text64(statement, slot, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC,
                                 SQLITE_UTF8);
    }
    int operator()(Bytes bytes) const {
      if (bytes.empty()) return sqlite3_bind_zeroblob(statement, slot, 0);
      return sqlite3_bind_blob64(statement, slot, bytes.data(), bytes.size(), SQLITE_STATIC);
    }
  };
  return std::visit(Visitor{statement, slot}, param);
}

// `sql` without what may follow the words of a lock: a table's name, how to wait.
std::string_view without_details(std::string_view sql) {
  for (std::string_view waiting : {" skip locked", " nowait"})
    if (ends_with_ignoring_case(sql, waiting)) sql = trimmed(sql.substr(0, sql.size() - waiting.size()));
  const std::string_view rest = trimmed(sql.substr(0, sql.find_last_of(" \n") + 1));
  return ends_with_ignoring_case(rest, " of") ? trimmed(rest.substr(0, rest.size() - 2)) : sql;
}

bool holds_nul(const Param& param) {
  const auto* text = std::get_if<std::string_view>(&param);
  return text && text->contains('\0');
}

}  // namespace

std::string_view without_row_lock(std::string_view sql) {
  static constexpr std::string_view locks[] = {"for no key update", "for update", "for share", "for key share"};
  sql = trimmed(sql);
  const std::string_view clause = without_details(sql);
  for (std::string_view lock : locks) {
    if (!ends_with_ignoring_case(clause, lock)) continue;
    const std::string_view rest = clause.substr(0, clause.size() - lock.size());
    if (trimmed(rest).size() < rest.size()) return trimmed(rest);  // a word of its own
  }
  return sql;
}

core::Result<std::unique_ptr<Connection>> Connection::open(const SqliteOptions& options, Access access,
                                                           const core::Clock& clock) {
  const int mode = access == Access::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  sqlite3* db = nullptr;
  const int rc = sqlite3_open_v2(options.path.c_str(), &db, mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                                 options.vfs.empty() ? nullptr : options.vfs.c_str());
  std::unique_ptr<Connection> connection(new Connection(db));
  core::Result<> ready = rc == SQLITE_OK ? connection->configure(options, access, clock) : connection->failure(rc);
  if (!ready) {
    ready.error().cause = "cannot open " + options.path + ": " + ready.error().cause;
    return std::unexpected(std::move(ready).error());
  }
  return connection;
}

core::Result<> Connection::configure(const SqliteOptions& options, Access access, const core::Clock& clock) {
  sqlite3* db = db_.get();
  sqlite3_busy_timeout(db, static_cast<int>(options.busy_timeout.count()));
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  if (int rc = register_functions(db, clock); rc != SQLITE_OK) return failure(rc);
  if (int rc = sqlite3_set_authorizer(db, authorize, this); rc != SQLITE_OK) return failure(rc);

  std::vector<std::string_view> settings{"PRAGMA foreign_keys = ON", "PRAGMA trusted_schema = OFF",
                                         "PRAGMA temp_store = MEMORY", "PRAGMA cell_size_check = ON"};
  if (access == Access::read) {
    settings.push_back("PRAGMA query_only = ON");
  } else {
    const Rows mode = TRY(control("PRAGMA journal_mode = WAL"));
    if (mode.empty() || mode[0].text(0) != "wal") {
      return core::fail_because(core::Code::store_unavailable,
                                "the file system cannot hold a write-ahead log: choose a path on a local disk");
    }
    settings.push_back(options.synchronous == Synchronous::full ? "PRAGMA synchronous = FULL"
                                                                : "PRAGMA synchronous = OFF");
    settings.push_back("PRAGMA journal_size_limit = 67108864");
  }
  for (std::string_view setting : settings) TRY(control(setting));
  TRY(control("SELECT count(*) FROM sqlite_schema"));  // reads the file: a damaged or foreign one is found here
  return {};
}

std::unexpected<core::Error> Connection::failure(int rc) const { return std::unexpected(error_of(db_.get(), rc)); }

bool Connection::foreign_keys_pending() const {
  int pending = 0, unused = 0;
  sqlite3_db_status(db_.get(), SQLITE_DBSTATUS_DEFERRED_FKS, &pending, &unused, 0);
  return pending != 0;
}

int Connection::authorize(void* self, int action, const char*, const char*, const char*, const char*) {
  const bool reserved = action == SQLITE_TRANSACTION || action == SQLITE_SAVEPOINT || action == SQLITE_ATTACH;
  const bool refused = reserved && static_cast<Connection*>(self)->speaker_ == Speaker::caller;
  return refused ? SQLITE_DENY : SQLITE_OK;
}

core::Result<Connection::Statement*> Connection::prepare(std::string_view sql) {
  auto& statements = statements_[static_cast<size_t>(speaker_)];
  if (auto found = statements.find(sql); found != statements.end()) return &found->second;
  if (statements.size() >= cached_statements) statements.clear();

  const std::string_view text = without_row_lock(sql);
  sqlite3_stmt* handle = nullptr;
  const char* rest = nullptr;
  const int rc = sqlite3_prepare_v3(db_.get(), text.data(), static_cast<int>(text.size()), SQLITE_PREPARE_PERSISTENT,
                                    &handle, &rest);
  if (rc != SQLITE_OK) return failure(rc);
  Statement statement{.handle = decltype(Statement::handle)(handle)};
  if (!handle || !trimmed({rest, static_cast<size_t>(text.data() + text.size() - rest)}).empty()) {
    return core::fail_because(core::Code::internal, "not exactly one statement: " + std::string(sql));
  }
  for (int index = 1; index <= sqlite3_bind_parameter_count(handle); ++index) {
    const char* name = sqlite3_bind_parameter_name(handle, index);
    const size_t number = name && *name == '$' ? std::strtoul(name + 1, nullptr, 10) : 0;
    if (number == 0 || number > 1000)
      return core::fail_because(core::Code::internal, "not a parameter $n: " + std::string(sql));
    if (statement.slots.size() < number) statement.slots.resize(number);
    statement.slots[number - 1] = index;
  }
  return &statements.emplace(std::string(sql), std::move(statement)).first->second;
}

core::Result<> Connection::bind(Statement& statement, std::span<const Param> params) {
  if (params.size() != statement.slots.size() || std::ranges::count(statement.slots, 0) > 0) {
    return core::fail_because(core::Code::internal, "the statement wants " + std::to_string(statement.slots.size()) +
                                                        " parameters, each of them used, and got " +
                                                        std::to_string(params.size()));
  }
  for (size_t i = 0; i < params.size(); ++i) {
    if (holds_nul(params[i])) return core::fail_because(core::Code::internal, "a NUL character in TEXT");
    if (int rc = bind_one(statement.handle.get(), statement.slots[i], params[i]); rc != SQLITE_OK) return failure(rc);
  }
  return {};
}

core::Result<Rows> Connection::query(std::string_view sql, std::span<const Param> params) {
  speaker_ = Speaker::caller;
  auto statement = prepare(sql);
  core::Result<Rows> rows;
  if (!statement) {
    rows = std::unexpected(statement.error());
  } else if (auto bound = bind(**statement, params); !bound) {
    rows = std::unexpected(std::move(bound).error());
  } else {
    rows = collect((*statement)->handle.get());
  }
  if (statement) sqlite3_clear_bindings((*statement)->handle.get());  // they refer to the caller's memory
  speaker_ = Speaker::storage;
  return rows;
}

core::Result<Rows> Connection::control(std::string_view sql) { return collect(TRY(prepare(sql))->handle.get()); }

core::Result<> Connection::script(const std::string& sql) {
  speaker_ = Speaker::caller;
  const int rc = sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  speaker_ = Speaker::storage;
  if (rc != SQLITE_OK) return failure(rc);
  return {};
}

core::Result<Rows> Connection::collect(sqlite3_stmt* statement) {
  Rows rows;
  rows.set_columns(static_cast<size_t>(sqlite3_column_count(statement)));
  const sqlite3_int64 changes_before = sqlite3_total_changes64(db_.get());
  core::Result<> read;
  int rc;
  while ((rc = sqlite3_step(statement)) == SQLITE_ROW && read) read = add_row(statement, rows);
  // The error's message is gone after the reset.
  if (read && rc != SQLITE_DONE) read = failure(rc);
  sqlite3_reset(statement);
  if (!read) return std::unexpected(std::move(read).error());
  // sqlite3_changes() keeps the count of an earlier statement when this one changes no rows.
  const bool changed = sqlite3_total_changes64(db_.get()) != changes_before;
  rows.set_changed(changed ? sqlite3_changes64(db_.get()) : 0);
  return rows;
}

core::Result<> Connection::add_row(sqlite3_stmt* statement, Rows& rows) {
  for (int column = 0; column < sqlite3_column_count(statement); ++column) {
    switch (sqlite3_column_type(statement, column)) {
      case SQLITE_NULL:
        rows.add_null();
        break;
      case SQLITE_INTEGER:
        rows.add_number(sqlite3_column_int64(statement, column));
        break;
      case SQLITE_TEXT: {
        const auto* text = sqlite3_column_text(statement, column);
        if (!text) return failure(SQLITE_NOMEM);
        rows.add(Rows::Cell::text, text, static_cast<size_t>(sqlite3_column_bytes(statement, column)));
        break;
      }
      case SQLITE_BLOB: {
        const void* blob = sqlite3_column_blob(statement, column);
        rows.add(Rows::Cell::bytes, blob, static_cast<size_t>(sqlite3_column_bytes(statement, column)));
        break;
      }
      default:
        return core::fail_because(core::Code::internal, std::string("column ") +
                                                            sqlite3_column_name(statement, column) +
                                                            " is a floating point number: cast it to BIGINT");
    }
  }
  return {};
}

}  // namespace storage::sqlite
