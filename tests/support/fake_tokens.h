// A store in memory of what a token opens, by the hash of that token, once and for a while. Give `rows` to
// FakeTransactor::track().
#pragma once
#include <map>

#include "core/unit_of_work.h"
#include "crypto/digest.h"

namespace test {

// `Store` has create, find, consume and prune of a `Row`, which has an expires_at.
template <class Store, class Row>
class FakeTokens final : public Store {
 public:
  std::map<crypto::Digest256, Row> rows;

  core::Result<> create(core::Tx&, const crypto::Digest256& token, const Row& row) override {
    rows.insert_or_assign(token, row);
    return {};
  }
  core::Result<std::optional<Row>> find(core::Tx&, const crypto::Digest256& token) override {
    const auto at = rows.find(token);
    return at == rows.end() ? std::nullopt : std::optional(at->second);
  }
  core::Result<bool> consume(core::Tx&, const crypto::Digest256& token) override { return rows.erase(token) == 1; }
  core::Result<int64_t> prune(core::Tx&, core::Time before, int64_t limit) override {
    int64_t removed = 0;
    std::erase_if(rows,
                  [&](const auto& row) { return row.second.expires_at < before && removed < limit && ++removed; });
    return removed;
  }
};

}  // namespace test
