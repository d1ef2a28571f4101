// Owns: what a caller's function may do inside of one transaction.
// Does not own: how it begins and ends (writer.h, readers.h).
// Thread rule: inside of its function only.
#pragma once
#include <functional>
#include <optional>
#include <utility>

#include "storage/sqlite/connection.h"

namespace storage::sqlite {

using Work = std::function<core::Result<>(core::Tx&)>;
using Hooks = std::vector<std::function<void(bool certain)>>;

class SqliteTransaction final : public Transaction {
 public:
  explicit SqliteTransaction(Connection& connection) : connection_(connection) {}
  core::Result<> script(const std::string& sql) override;

  // What `work` answered; the error of a statement wins over it, and an exception is an internal error.
  core::Result<> perform(const Work& work);
  Hooks take_hooks() { return std::exchange(hooks_, {}); }

 protected:
  core::Result<Rows> run(std::string_view sql, std::span<const Param> params) override;

 private:
  core::Result<> usable();
  Connection& connection_;
  std::optional<core::Error> doom_;
};

}  // namespace storage::sqlite
