// Owns: one libpq connection: its settings, its prepared statements, and the deadline of every exchange.
// Does not own: who uses it (pool.h) or when a transaction is repeated (postgres.cc).
// Thread rule: one thread at a time.
#pragma once
#include <libpq-fe.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "storage/postgres/errors.h"
#include "storage/postgres/postgres.h"
#include "storage/postgres/values.h"

namespace storage::postgres {

template <class T = void>
using Answer = std::expected<T, Failure>;

class Connection {
 public:
  static core::Result<std::unique_ptr<Connection>> open(const PostgresOptions& options);

  // One round trip, with `begin` where given and all that was sent before; the first time that `sql` is seen, one more
  // to prepare it, unless connections are pooled by transaction.
  Answer<Rows> query(const char* begin, std::string_view sql, std::span<const Param> params);
  // Travels with the next round trip; an error is found there.
  Answer<> send(const char* begin, std::string_view sql, std::span<const Param> params);
  using Deadline = std::chrono::steady_clock::time_point;
  // Several statements; without a deadline, for migrations take the time that they take.
  Answer<> script(const std::string& sql, Deadline until = Deadline::max() - std::chrono::hours(1));
  // COMMIT or ROLLBACK. The command's tag, which is "ROLLBACK" for the COMMIT of a failed transaction. The transaction
  // is over in any case, or the connection is not usable.
  Answer<std::string> end(const char* command);
  // As end() where the answer tells nothing: it is read before the next one.
  void end_unheard(const char* command);

  bool usable() const { return !lost_; }
  // So many statements that the texts cannot be constants: the server's memory is worth a new connection.
  bool worn_out() const { return prepared_ > 2000; }
  // The server has closed it.
  bool gone_while_idle();

 private:
  struct Free {
    void operator()(PGconn* connection) const { PQfinish(connection); }
    void operator()(PGresult* result) const { PQclear(result); }
  };
  using Result = std::unique_ptr<PGresult, Free>;
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Variants = std::unordered_map<std::string, std::string>;  // signature -> the statement's name

  Connection(PGconn* connection, const PostgresOptions& options);
  core::Result<> configure();
  Deadline deadline() const;
  bool wait(short events, Deadline until);
  Answer<> flush(Deadline until);
  Answer<Result> next(Deadline until);
  Answer<std::vector<Result>> collect(Deadline until);
  Answer<std::vector<Result>> exchange();
  Answer<> dispatch(Deadline until);
  Answer<std::string> control(const char* command);
  Failure lost(std::string_view why);
  Failure failed(const PGresult* result);
  Answer<std::string> prepare(const char* begin, std::string_view sql, const Encoded& encoded);
  Answer<std::string> name_of(const char*& begin, std::string_view sql, const Encoded& encoded);
  bool queued(int sent);
  bool queue(const char* sql);
  bool queue_begin(const char* begin);
  Variants& variants_of(std::string_view sql);

  std::unique_ptr<PGconn, Free> connection_;
  const PostgresOptions& options_;
  const std::string local_settings_;  // a statement that follows each BEGIN; empty: the connection has them
  bool lost_ = false;
  size_t queued_ = 0;     // commands that the next exchange sends
  bool unheard_ = false;  // the answers up to a sync are still to be read
  size_t prepared_ = 0;
  std::unordered_map<std::string, Variants, Hash, std::equal_to<>> statements_;
};

}  // namespace storage::postgres
