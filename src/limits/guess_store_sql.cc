#include "limits/guess_store_sql.h"

#include "storage/database.h"

namespace limits {
namespace {

Guesses read(storage::Row row) { return {row.number(0), row.time(1)}; }

class SqlGuessStore final : public GuessStore {
 public:
  core::Result<std::optional<Guesses>> find(core::Tx& tx, const Subject& subject) override {
    const auto rows = TRY(storage::sql(tx).query("SELECT failures, last_at FROM guesses WHERE subject = $1", subject));
    return rows.empty() ? std::nullopt : std::optional(read(rows[0]));
  }

  core::Result<Guesses> lock(core::Tx& tx, const Subject& subject) override {
    const auto rows = TRY(storage::sql(tx).query(
        "INSERT INTO guesses (subject, failures, last_at) VALUES ($1, 0, 0)"
        " ON CONFLICT (subject) DO UPDATE SET failures = guesses.failures RETURNING failures, last_at",
        subject));
    return read(rows[0]);
  }

  core::Result<> update(core::Tx& tx, const Subject& subject, const Guesses& guesses) override {
    return storage::sql(tx).send("UPDATE guesses SET failures = $2, last_at = $3 WHERE subject = $1", subject,
                                 guesses.failures, guesses.last_at);
  }

  core::Result<> remove(core::Tx& tx, const Subject& subject) override {
    return storage::sql(tx).send("DELETE FROM guesses WHERE subject = $1", subject);
  }

  core::Result<int64_t> prune(core::Tx& tx, core::Time before, int64_t limit) override {
    return storage::prune(tx, {"guesses", "subject", "last_at"}, before, limit);
  }
};

}  // namespace

std::unique_ptr<GuessStore> create_sql_guess_store() { return std::make_unique<SqlGuessStore>(); }

}  // namespace limits
