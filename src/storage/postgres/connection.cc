#include "storage/postgres/connection.h"

#include <poll.h>

#include <algorithm>
#include <cassert>
#include <utility>

namespace storage::postgres {
namespace {

constexpr std::chrono::seconds client_grace{2};

// libpq: fewer than two seconds are not reliable.
std::string connect_seconds(core::Millis timeout) {
  return std::to_string(std::max<int64_t>(2, (timeout.count() + 999) / 1000));
}

// `local`: until the end of the transaction.
std::string settings_of(const PostgresOptions& options, bool local) {
  const auto setting = [&](std::string name, const std::string& value) {
    return "set_config('" + std::move(name) + "', '" + value + (local ? "', true)" : "', false)");
  };
  return "SELECT " + setting("statement_timeout", std::to_string(options.statement_timeout.count())) + ", " +
         setting("lock_timeout", std::to_string(options.lock_timeout.count())) + ", " +
         setting("idle_in_transaction_session_timeout", "60000") + ", " + setting("synchronous_commit", "on");
}

}  // namespace

core::Result<std::unique_ptr<Connection>> Connection::open(const PostgresOptions& options) {
  const std::string timeout = connect_seconds(options.connect_timeout);
  // What the URL says comes last and wins. Of several hosts the one that takes writes is used: after a fail-over the
  // old one may be back as a standby.
  const char* const keys[] = {"connect_timeout",
                              "application_name",
                              "client_encoding",
                              "keepalives",
                              "keepalives_idle",
                              "keepalives_interval",
                              "keepalives_count",
                              "tcp_user_timeout",
                              "target_session_attrs",
                              "dbname",
                              nullptr};
  const char* const values[] = {timeout.c_str(),     "usher", "UTF8", "1", "30", "10", "3", "30000", "read-write",
                                options.url.c_str(), nullptr};
  std::unique_ptr<Connection> connection(new Connection(PQconnectdbParams(keys, values, 1), options));
  PGconn* handle = connection->connection_.get();
  if (PQstatus(handle) != CONNECTION_OK) {
    return core::fail_because(core::Code::store_unavailable,
                              "cannot connect to PostgreSQL (database.url): " + one_line(PQerrorMessage(handle)));
  }
  TRY(connection->configure());
  return connection;
}

Connection::Connection(PGconn* connection, const PostgresOptions& options)
    : connection_(connection),
      options_(options),
      local_settings_(options.transaction_pooling ? settings_of(options, true) : "") {}

core::Result<> Connection::configure() {
  PGconn* handle = connection_.get();
  if (PQserverVersion(handle) < 130000) {
    return core::fail_because(core::Code::store_unavailable, "PostgreSQL 13 or newer is needed, the server is " +
                                                                 std::to_string(PQserverVersion(handle) / 10000));
  }
  PQsetNoticeProcessor(handle, [](void*, const char*) {}, nullptr);
  PQsetnonblocking(handle, 1);
  PQenterPipelineMode(handle);
  if (options_.transaction_pooling) return {};
  const auto set = script(settings_of(options_, false), deadline());
  if (!set) return std::unexpected(set.error().error);
  return {};
}

Connection::Deadline Connection::deadline() const {
  return std::chrono::steady_clock::now() + options_.statement_timeout + client_grace;
}

Failure Connection::lost(std::string_view why) {
  lost_ = true;
  return failure_of("", why);
}

Failure Connection::failed(const PGresult* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  Failure failure = failure_of(state ? state : "", PQresultErrorMessage(result));
  if (failure.remedy == Remedy::reconnect) lost_ = true;
  return failure;
}

bool Connection::wait(short events, Deadline until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
  pollfd file{PQsocket(connection_.get()), events, 0};
  return left > 0 && poll(&file, 1, static_cast<int>(std::min<int64_t>(left, 1'000'000))) != 0;
}

Answer<> Connection::flush(Deadline until) {
  for (;;) {
    const int left = PQflush(connection_.get());
    if (left == 0) return {};
    if (left < 0) return std::unexpected(lost(PQerrorMessage(connection_.get())));
    // The server may wait for us to read before it reads on.
    if (!wait(POLLIN | POLLOUT, until)) return std::unexpected(lost("the server does not take the request"));
    if (!PQconsumeInput(connection_.get())) return std::unexpected(lost(PQerrorMessage(connection_.get())));
  }
}

// A null result is the end of one command.
Answer<Connection::Result> Connection::next(Deadline until) {
  while (PQisBusy(connection_.get())) {
    if (!wait(POLLIN, until)) return std::unexpected(lost("the server does not answer"));
    if (!PQconsumeInput(connection_.get())) return std::unexpected(lost(PQerrorMessage(connection_.get())));
  }
  return Result(PQgetResult(connection_.get()));
}

// Sends what was queued.
Answer<> Connection::dispatch(Deadline until) {
  if (!PQpipelineSync(connection_.get())) return std::unexpected(lost(PQerrorMessage(connection_.get())));
  return flush(until);
}

// As dispatch(), and reads the answer of each command; one that failed makes the others void.
Answer<std::vector<Connection::Result>> Connection::exchange() {
  const Deadline until = deadline();
  const size_t commands = std::exchange(queued_, 0);
  if (auto sent = dispatch(until); !sent) return std::unexpected(sent.error());
  if (std::exchange(unheard_, false)) {
    const auto before = collect(until);
    if (!before && lost_) return std::unexpected(before.error());
  }
  auto results = collect(until);
  assert(!results || results->size() == commands);
  (void)commands;
  return results;
}

// The answers up to the next sync.
Answer<std::vector<Connection::Result>> Connection::collect(Deadline until) {
  std::vector<Result> results;
  std::optional<Failure> first;
  for (int ends = 0; ends < 2;) {
    auto result = next(until);
    if (!result) return std::unexpected(first.value_or(result.error()));
    if (!*result) {
      ++ends;  // two in a row: the connection has no more to say
      continue;
    }
    ends = 0;
    const ExecStatusType status = PQresultStatus(result->get());
    if (status == PGRES_PIPELINE_SYNC) {
      if (first) return std::unexpected(*first);
      return results;
    }
    if (status == PGRES_FATAL_ERROR && !first) first = failed(result->get());
    if (lost_ && first) return std::unexpected(*first);
    results.push_back(std::move(*result));
  }
  return std::unexpected(lost(PQerrorMessage(connection_.get())));
}

Connection::Variants& Connection::variants_of(std::string_view sql) {
  auto found = statements_.find(sql);
  return found != statements_.end() ? found->second : statements_[std::string(sql)];
}

Answer<std::string> Connection::prepare(const char* begin, std::string_view sql, const Encoded& encoded) {
  PGconn* handle = connection_.get();
  std::string name = "u" + std::to_string(++prepared_);
  const bool sent = queue_begin(begin) && queued(PQsendPrepare(handle, name.c_str(), std::string(sql).c_str(),
                                                               encoded.count(), encoded.types.data()));
  if (!sent) return std::unexpected(lost(PQerrorMessage(handle)));
  if (auto done = exchange(); !done) return std::unexpected(done.error());
  return name;
}

// The name under which it is prepared; `begin` is null where that began the transaction.
Answer<std::string> Connection::name_of(const char*& begin, std::string_view sql, const Encoded& encoded) {
  Variants& variants = variants_of(sql);
  const auto found = variants.find(encoded.signature);
  if (found != variants.end()) return found->second;
  auto name = prepare(std::exchange(begin, nullptr), sql, encoded);
  if (name) variants.emplace(encoded.signature, *name);
  return name;
}

bool Connection::queued(int sent) {
  queued_ += sent == 1;
  return sent == 1;
}

bool Connection::queue(const char* sql) {
  return queued(PQsendQueryParams(connection_.get(), sql, 0, nullptr, nullptr, nullptr, nullptr, 1));
}

bool Connection::queue_begin(const char* begin) {
  return !begin || (queue(begin) && (local_settings_.empty() || queue(local_settings_.c_str())));
}

Answer<> Connection::send(const char* begin, std::string_view sql, std::span<const Param> params) {
  const Encoded encoded(params);
  PGconn* handle = connection_.get();
  bool sent = false;
  if (options_.transaction_pooling) {
    sent = queue_begin(begin) &&
           queued(PQsendQueryParams(handle, std::string(sql).c_str(), encoded.count(), encoded.types.data(),
                                    encoded.values.data(), encoded.sizes.data(), encoded.formats.data(), 1));
  } else {
    const auto name = name_of(begin, sql, encoded);
    if (!name) return std::unexpected(name.error());
    sent =
        queue_begin(begin) && queued(PQsendQueryPrepared(handle, name->c_str(), encoded.count(), encoded.values.data(),
                                                         encoded.sizes.data(), encoded.formats.data(), 1));
  }
  if (!sent) return std::unexpected(lost(PQerrorMessage(handle)));
  return {};
}

Answer<Rows> Connection::query(const char* begin, std::string_view sql, std::span<const Param> params) {
  if (auto sent = send(begin, sql, params); !sent) return std::unexpected(sent.error());
  auto results = exchange();
  if (!results) return std::unexpected(results.error());
  auto rows = decode(results->back().get());
  if (!rows) return std::unexpected(Failure{rows.error()});
  return std::move(*rows);
}

Answer<std::string> Connection::control(const char* command) {
  if (!queue(command)) return std::unexpected(lost(PQerrorMessage(connection_.get())));
  auto results = exchange();
  if (!results) return std::unexpected(results.error());
  return PQcmdStatus(results->back().get());
}

Answer<std::string> Connection::end(const char* command) {
  auto tag = control(command);
  // What was sent before it failed, and made it void.
  if (!tag && usable() && PQtransactionStatus(connection_.get()) != PQTRANS_IDLE) {
    const auto rolled_back = control("ROLLBACK");
    if (!rolled_back) lost_ = true;
  }
  return tag;
}

void Connection::end_unheard(const char* command) {
  if (!queue(command)) return void(lost(PQerrorMessage(connection_.get())));
  queued_ = 0;
  unheard_ = dispatch(deadline()).has_value();
}

// The simple protocol takes several statements, but not in pipeline mode.
Answer<> Connection::script(const std::string& sql, Deadline until) {
  PGconn* handle = connection_.get();
  if (queued_ > 0 || unheard_) {
    if (auto done = exchange(); !done) return std::unexpected(done.error());
  }
  if (!PQexitPipelineMode(handle) || !PQsendQuery(handle, sql.c_str())) {
    return std::unexpected(lost(PQerrorMessage(handle)));
  }
  std::optional<Failure> first;
  if (auto sent = flush(until); !sent) return sent;
  for (;;) {
    auto result = next(until);
    if (!result) return std::unexpected(first.value_or(result.error()));
    if (!*result) break;
    if (PQresultStatus(result->get()) == PGRES_FATAL_ERROR && !first) first = failed(result->get());
  }
  if (PQstatus(handle) != CONNECTION_OK || !PQenterPipelineMode(handle)) lost_ = true;
  if (first) return std::unexpected(*first);
  return {};
}

bool Connection::gone_while_idle() {
  pollfd file{PQsocket(connection_.get()), POLLIN, 0};
  while (poll(&file, 1, 0) != 0)  // the end may stand behind an answer that nobody heard
    if (!PQconsumeInput(connection_.get()) || PQstatus(connection_.get()) != CONNECTION_OK) return true;
  return false;
}

}  // namespace storage::postgres
