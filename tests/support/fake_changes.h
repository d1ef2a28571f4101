// A changes::Store in memory. Give `rows` to FakeTransactor::track().
#pragma once
#include "changes/change_store.h"

namespace test {

class FakeChanges final : public changes::Store {
 public:
  struct Row {
    int64_t seq;
    core::Time at;
    changes::Change change;
  };
  // `clock` is the database's.
  explicit FakeChanges(const core::Clock& clock) : clock_(clock) {}
  std::vector<Row> rows;  // oldest first
  int lists = 0;

  core::Result<> append(core::Tx&, const changes::Change& change) override {
    rows.push_back({newest() + 1, clock_.now(), change});
    return {};
  }
  core::Result<changes::Cursor> head(core::Tx&) override { return changes::Cursor{.seq = newest()}; }
  core::Result<changes::Batch> list(core::Tx&, const changes::Cursor& since) override {
    ++lists;
    changes::Batch batch{.changes = {}, .next = {.seq = newest()}};
    batch.gap = newest() < since.seq || (!rows.empty() && rows.front().seq > since.seq + 1);
    for (const Row& row : rows)
      if (row.seq > since.seq) batch.changes.push_back({row.seq, row.change});
    return batch;
  }
  core::Result<int64_t> prune(core::Tx&, core::Time before, int64_t limit) override {
    const int64_t last = newest();
    return static_cast<int64_t>(
        std::erase_if(rows, [&](const Row& row) { return row.at < before && row.seq < last && limit-- > 0; }));
  }

 private:
  int64_t newest() const { return rows.empty() ? 0 : rows.back().seq; }
  const core::Clock& clock_;
};

}  // namespace test
