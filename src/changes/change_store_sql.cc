#include "changes/change_store_sql.h"

#include <utility>

#include "storage/database.h"

namespace changes {
namespace {

// More than that at once are not told one by one: everything is reloaded.
constexpr int64_t most_changes = 10'000;

// Rows below the snapshot's xmin are complete; above it, a transaction with a smaller seq may still commit. So a reader
// asks again from that xmin on (PostgreSQL); SQLite commits in order of seq and knows no other transaction.
class SqlStore final : public Store {
 public:
  core::Result<int64_t> append(core::Tx& tx, const Change& change) override {
    const auto rows = TRY(storage::sql(tx).query(
        "INSERT INTO changes (txid, kind, key, at) VALUES (usher_txid(), $1, $2, usher_now()) RETURNING seq",
        core::to_text(change.kind), change.key));
    return rows[0].number(0);
  }

  core::Result<Cursor> head(core::Tx& tx) override { return TRY(look(tx, {})).head; }

  core::Result<std::optional<Cursor>> back(core::Tx& tx, int64_t most) override {
    const auto rows = TRY(storage::sql(tx).query(
        "SELECT seq, txid, at FROM (SELECT seq, txid, at FROM changes ORDER BY seq DESC LIMIT $1) AS newest "
        "ORDER BY seq LIMIT 1",
        most));
    if (rows.empty()) return std::nullopt;
    return Cursor{.seq = rows[0].number(0), .txid = rows[0].number(1), .at = rows[0].time(2)};
  }

  core::Result<Batch> list(core::Tx& tx, const Cursor& since) override {
    const auto [head, oldest, known] = TRY(look(tx, since));
    // Rows are deleted from the oldest on, never the newest: what is missing between them was undone. A standby that
    // takes over leaves some numbers out, a restored back-up gives them to other rows.
    const bool went_back = head.seq < since.seq || (oldest <= since.seq && !known);
    Batch batch{.changes = {}, .next = head, .gap = went_back || oldest > since.seq + 1, .went_back = went_back};
    // The newest first: a transaction that stays open makes all that followed it come again, and must not hide what is
    // new.
    const auto rows =
        TRY(storage::sql(tx).query("SELECT seq, kind, key, txid, at FROM changes WHERE seq > $1 OR (txid >= $2 AND "
                                   "txid > 0) ORDER BY seq DESC LIMIT $3",
                                   since.seq, since.txid, most_changes));
    if (std::cmp_equal(rows.size(), most_changes)) batch.gap = true;
    for (storage::Row row : rows) {
      const auto kind = core::from_text<Kind>(row.text(1));
      // A newer version may announce what this one does not know; then everything is reloaded.
      if (!kind) batch.gap = true;
      else batch.changes.push_back({row.number(0), row.number(3), row.time(4), {*kind, row.uuid(2)}});
    }
    return batch;
  }

  core::Result<bool> holds(core::Tx& tx, int64_t seq) override {
    return !TRY(storage::sql(tx).query("SELECT 1 FROM changes WHERE seq = $1", seq)).empty();
  }

  core::Result<int64_t> prune(core::Tx& tx, core::Time before, int64_t limit) override {
    // The newest row stays: it tells a reader where the outbox stands.
    return TRY(storage::sql(tx).query("DELETE FROM changes WHERE seq IN (SELECT seq FROM changes WHERE at < $1 AND "
                                      "seq < (SELECT max(seq) FROM changes) ORDER BY seq LIMIT $2)",
                                      before, limit))
        .changed();
  }

 private:
  struct Sight {
    Cursor head;
    int64_t oldest;
    bool known;  // the cursor's row is there, or it has none yet
  };
  static core::Result<Sight> look(core::Tx& tx, const Cursor& since) {
    const auto rows = TRY(storage::sql(tx).query(
        "SELECT coalesce((SELECT max(seq) FROM changes), 0), usher_snapshot_xmin(), "
        "coalesce((SELECT at FROM changes ORDER BY seq DESC LIMIT 1), 0), "
        "coalesce((SELECT min(seq) FROM changes), 0), (SELECT count(*) FROM changes WHERE seq = $1 AND at = $2)",
        since.seq, since.at));
    const auto row = rows[0];
    const Cursor head{.seq = row.number(0), .txid = row.number(1), .at = row.time(2)};
    return Sight{head, row.number(3), since.seq == 0 || row.number(4) == 1};
  }
};

}  // namespace

std::unique_ptr<Store> create_sql_store() { return std::make_unique<SqlStore>(); }

}  // namespace changes
