// Owns: what a caller's function may do inside of one transaction, and what became of it.
// Does not own: repeating it (postgres.cc).
// Thread rule: inside of its function only.
#pragma once
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "storage/postgres/connection.h"

namespace storage::postgres {

using Work = std::function<core::Result<>(core::Tx&)>;
using Hooks = std::vector<std::function<void(bool certain)>>;

enum class Access { write, read };

// How one attempt ended, and what may be done about it.
struct Ending {
  core::Result<> outcome;
  Hooks hooks = {};  // empty when certainly nothing was committed
  Remedy remedy = Remedy::none;
};

class PostgresTransaction final : public Transaction {
 public:
  PostgresTransaction(Connection& connection, Access access) : connection_(connection), access_(access) {}
  core::Result<> script(const std::string& sql) override;
  core::Result<> post(std::string_view sql, std::span<const Param> params) override;

  // Begins with the first statement, runs `work`, and commits or rolls back.
  Ending perform(const Work& work);

 protected:
  core::Result<Rows> run(std::string_view sql, std::span<const Param> params) override;

 private:
  core::Result<> call(const Work& work);
  Ending commit();
  void roll_back();
  const char* begin_text() const;
  std::unexpected<core::Error> doom(Failure failure);

  Connection& connection_;
  const Access access_;
  bool begun_ = false;
  std::optional<Failure> doom_;
};

}  // namespace storage::postgres
