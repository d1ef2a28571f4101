// A changes::Store in memory. Give `rows` to FakeTransactor::track().
#pragma once
#include <algorithm>

#include "changes/change_store.h"

namespace test {

class FakeChanges final : public changes::Store {
 public:
  using Row = changes::Row;
  // `clock` is the database's.
  explicit FakeChanges(const core::Clock& clock) : clock_(clock) {}
  std::vector<Row> rows;  // oldest first
  int64_t last = 0;       // the number given last
  int lists = 0;

  core::Result<int64_t> append(core::Tx&, const changes::Change& change) override {
    rows.push_back({++last, 0, clock_.now(), change});
    return last;
  }
  core::Result<changes::Cursor> head(core::Tx&) override {
    return rows.empty() ? changes::Cursor{} : changes::Cursor{.seq = rows.back().seq, .at = rows.back().at};
  }
  core::Result<std::optional<changes::Cursor>> back(core::Tx&, int64_t most) override {
    if (rows.empty()) return std::nullopt;
    const Row& row = rows[rows.size() - std::min(rows.size(), static_cast<size_t>(most))];
    return changes::Cursor{.seq = row.seq, .at = row.at};
  }
  core::Result<changes::Batch> list(core::Tx& tx, const changes::Cursor& since) override {
    ++lists;
    changes::Batch batch{.changes = {}, .next = *head(tx)};
    const auto known = std::ranges::find(rows, since.seq, &Row::seq);
    const bool pruned = !rows.empty() && rows.front().seq > since.seq;
    batch.went_back = since.seq > 0 && !pruned && (known == rows.end() || known->at != since.at);
    batch.gap = batch.went_back || (pruned && rows.front().seq > since.seq + 1);
    for (const Row& row : rows)
      if (row.seq > since.seq) batch.changes.push_back(row);
    return batch;
  }
  core::Result<bool> holds(core::Tx&, int64_t seq) override {
    return std::ranges::find(rows, seq, &Row::seq) != rows.end();
  }
  core::Result<int64_t> prune(core::Tx&, core::Time before, int64_t limit) override {
    const int64_t newest = rows.empty() ? 0 : rows.back().seq;
    return static_cast<int64_t>(
        std::erase_if(rows, [&](const Row& row) { return row.at < before && row.seq < newest && limit-- > 0; }));
  }

 private:
  const core::Clock& clock_;
};

}  // namespace test
