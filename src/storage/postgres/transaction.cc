#include "storage/postgres/transaction.h"

#include <exception>

namespace storage::postgres {

const char* PostgresTransaction::begin_text() const {
  return access_ == Access::write ? "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
                                  : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
}

std::unexpected<core::Error> PostgresTransaction::doom(Failure failure) {
  doom_ = std::move(failure);
  return std::unexpected(doom_->error);
}

core::Result<Rows> PostgresTransaction::run(std::string_view sql, std::span<const Param> params) {
  if (doom_) return std::unexpected(doom_->error);
  const char* begin = std::exchange(begun_, true) ? nullptr : begin_text();
  auto rows = connection_.query(begin, sql, params);
  if (!rows) return doom(std::move(rows).error());
  return std::move(*rows);
}

core::Result<> PostgresTransaction::post(std::string_view sql, std::span<const Param> params) {
  if (doom_) return std::unexpected(doom_->error);
  const char* begin = std::exchange(begun_, true) ? nullptr : begin_text();
  if (auto sent = connection_.send(begin, sql, params); !sent) return doom(std::move(sent).error());
  return {};
}

core::Result<> PostgresTransaction::script(const std::string& sql) {
  if (!begun_) TRY(query("SELECT 1"));  // begins
  if (doom_) return std::unexpected(doom_->error);
  if (auto done = connection_.script(sql); !done) return doom(std::move(done).error());
  return {};
}

core::Result<> PostgresTransaction::call(const Work& work) {
  try {
    return work(*this);
  } catch (const std::exception& thrown) {
    return core::fail_because(core::Code::internal, std::string("thrown in a transaction: ") + thrown.what());
  } catch (...) {
    return core::fail_because(core::Code::internal, "thrown in a transaction: not a std::exception");
  }
}

Ending PostgresTransaction::perform(const Work& work) {
  core::Result<> answer = call(work);
  if (answer && doom_) answer = std::unexpected(doom_->error);
  if (answer) return commit();
  roll_back();
  return {.outcome = std::move(answer), .remedy = doom_ ? doom_->remedy : Remedy::none};
}

void PostgresTransaction::roll_back() {
  if (begun_ && connection_.usable()) (void)connection_.end("ROLLBACK");  // when it fails, the connection is closed
}

Ending PostgresTransaction::commit() {
  Hooks hooks = std::exchange(hooks_, {});
  if (!begun_) return {.outcome = {}, .hooks = std::move(hooks)};
  // A snapshot was read to its end; what becomes of it changes nothing.
  if (access_ == Access::read) {
    connection_.end_unheard("COMMIT");
    return {.outcome = {}, .hooks = std::move(hooks)};
  }
  auto tag = connection_.end("COMMIT");
  if (tag && *tag == "COMMIT") return {.outcome = {}, .hooks = std::move(hooks)};
  if (tag) return {.outcome = core::fail_because(core::Code::internal, "COMMIT was answered with " + *tag)};
  if (connection_.usable()) {  // the server refused: a deferred constraint, a serialisation failure
    return {.outcome = std::unexpected(tag.error().error), .remedy = tag.error().remedy};
  }
  return {.outcome = core::fail_because(core::Code::store_unavailable,
                                        "the outcome of COMMIT is unknown: " + tag.error().error.cause),
          .hooks = std::move(hooks)};
}

}  // namespace storage::postgres
