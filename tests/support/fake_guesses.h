// A limits::GuessStore in memory. Give `rows` to FakeTransactor::track().
#pragma once
#include <map>

#include "limits/guess_store.h"

namespace test {

class FakeGuesses final : public limits::GuessStore {
 public:
  std::map<limits::Subject, limits::Guesses> rows;

  core::Result<std::optional<limits::Guesses>> find(core::Tx&, const limits::Subject& subject) override {
    const auto at = rows.find(subject);
    return at == rows.end() ? std::nullopt : std::optional(at->second);
  }
  core::Result<limits::Guesses> lock(core::Tx&, const limits::Subject& subject) override {
    return rows.try_emplace(subject).first->second;
  }
  core::Result<> update(core::Tx&, const limits::Subject& subject, const limits::Guesses& guesses) override {
    rows.at(subject) = guesses;
    return {};
  }
  core::Result<> remove(core::Tx&, const limits::Subject& subject) override {
    rows.erase(subject);
    return {};
  }
  core::Result<int64_t> prune(core::Tx&, core::Time before, int64_t limit) override {
    int64_t removed = 0;
    std::erase_if(rows, [&](const auto& row) { return row.second.last_at < before && removed < limit && ++removed; });
    return removed;
  }
};

}  // namespace test
