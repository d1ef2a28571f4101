#include "storage/sqlite/transaction.h"

#include <exception>

namespace storage::sqlite {

// Once SQLite rolled back by itself, a further statement would be a transaction of its own.
core::Result<> SqliteTransaction::usable() {
  if (!doom_ && !connection_.in_transaction()) {
    doom_ = core::Error{.code = core::Code::store_unavailable,
                        .cause = "the transaction was rolled back by an earlier error"};
  }
  if (doom_) return std::unexpected(*doom_);
  return {};
}

core::Result<Rows> SqliteTransaction::run(std::string_view sql, std::span<const Param> params) {
  TRY(usable());
  auto rows = connection_.query(sql, params);
  if (!rows) doom_ = rows.error();
  return rows;
}

core::Result<> SqliteTransaction::script(const std::string& sql) {
  TRY(usable());
  auto done = connection_.script(sql);
  if (!done) doom_ = done.error();
  return done;
}

core::Result<> SqliteTransaction::perform(const Work& work) {
  core::Result<> answer;
  try {
    answer = work(*this);
  } catch (const std::exception& thrown) {
    answer = core::fail_because(core::Code::internal, std::string("thrown in a transaction: ") + thrown.what());
  } catch (...) {
    answer = core::fail_because(core::Code::internal, "thrown in a transaction: not a std::exception");
  }
  if (answer && doom_) answer = std::unexpected(*doom_);
  return answer;
}

}  // namespace storage::sqlite
