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
  core::Result<> append(core::Tx& tx, const Change& change) override {
    return storage::sql(tx).send("INSERT INTO changes (txid, kind, key, at) VALUES (usher_txid(), $1, $2, usher_now())",
                                 core::to_text(change.kind), change.key);
  }

  core::Result<Cursor> head(core::Tx& tx) override {
    const auto rows = TRY(storage::sql(tx).query("SELECT coalesce(max(seq), 0), usher_snapshot_xmin() FROM changes"));
    return Cursor{.seq = rows[0].number(0), .txid = rows[0].number(1)};
  }

  core::Result<Batch> list(core::Tx& tx, const Cursor& since) override {
    auto& db = storage::sql(tx);
    const auto state =
        TRY(db.query("SELECT coalesce(min(seq), 0), coalesce(max(seq), 0), usher_snapshot_xmin() FROM changes"));
    const int64_t oldest = state[0].number(0), newest = state[0].number(1);
    // The newest row is never deleted: one that is older than what was seen belongs to a database that went back.
    const bool went_back = newest < since.seq;
    Batch batch{.changes = {},
                .next = {.seq = went_back ? newest : since.seq, .txid = state[0].number(2)},
                .gap = went_back || oldest > since.seq + 1};
    // The newest first: a transaction that stays open makes all that followed it come again, and must not hide what is
    // new.
    const auto rows = TRY(db.query(
        "SELECT seq, kind, key FROM changes WHERE seq > $1 OR (txid >= $2 AND txid > 0) ORDER BY seq DESC LIMIT $3",
        since.seq, since.txid, most_changes));
    if (std::cmp_equal(rows.size(), most_changes)) batch.gap = true;
    for (storage::Row row : rows) {
      const auto kind = core::from_text<Kind>(row.text(1));
      // A newer version may announce what this one does not know; then everything is reloaded.
      if (!kind) batch.gap = true;
      else batch.changes.push_back({row.number(0), {*kind, row.uuid(2)}});
      batch.next.seq = std::max(batch.next.seq, row.number(0));
    }
    return batch;
  }

  core::Result<int64_t> prune(core::Tx& tx, core::Time before, int64_t limit) override {
    // The newest row stays: it tells a reader where the outbox stands.
    return TRY(storage::sql(tx).query("DELETE FROM changes WHERE seq IN (SELECT seq FROM changes WHERE at < $1 AND "
                                      "seq < (SELECT max(seq) FROM changes) ORDER BY seq LIMIT $2)",
                                      before, limit))
        .changed();
  }
};

}  // namespace

std::unique_ptr<Store> create_sql_store() { return std::make_unique<SqlStore>(); }

}  // namespace changes
