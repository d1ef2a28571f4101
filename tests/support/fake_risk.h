// risk's stores in memory. Give `traits`, `tries` and `rows` to FakeTransactor::track().
#pragma once
#include <algorithm>
#include <map>

#include "risk/approval_store.h"
#include "risk/familiar_store.h"
#include "risk/notice_store.h"
#include "tests/support/fake_tokens.h"

namespace test {

class FakeFamiliar final : public risk::FamiliarStore {
 public:
  std::map<accounts::UserId, std::map<std::string, core::Time>> traits;
  std::map<std::string, std::map<crypto::Digest256, core::Time>> tries;

  core::Result<std::vector<risk::Trait>> list(core::Tx&, accounts::UserId user) override {
    std::vector<risk::Trait> out;
    for (const auto& [text, at] : traits[user]) out.push_back({text, at});
    std::ranges::sort(out, std::greater{}, &risk::Trait::last_at);
    return out;
  }
  core::Result<> put(core::Tx&, accounts::UserId user, const risk::Trait& trait) override {
    auto& at = traits[user].try_emplace(trait.text, trait.last_at).first->second;
    at = std::max(at, trait.last_at);
    return {};
  }
  core::Result<> remove(core::Tx&, accounts::UserId user, const std::string& text) override {
    traits[user].erase(text);
    return {};
  }
  core::Result<int64_t> prune(core::Tx&, core::Time before, int64_t limit) override {
    return prune_some(traits, before, limit);
  }
  core::Result<> put_try(core::Tx&, const std::string& source, const crypto::Digest256& account,
                         core::Time at) override {
    auto& last = tries[source].try_emplace(account, at).first->second;
    last = std::max(last, at);
    return {};
  }
  core::Result<int64_t> count_tries(core::Tx&, const std::string& source, core::Time since, int64_t most) override {
    const auto count = std::ranges::count_if(tries[source], [&](const auto& one) { return one.second >= since; });
    return std::min<int64_t>(count, most);
  }
  core::Result<int64_t> prune_tries(core::Tx&, core::Time before, int64_t limit) override {
    return prune_some(tries, before, limit);
  }

 private:
  static int64_t prune_some(auto& table, core::Time before, int64_t limit) {
    int64_t removed = 0;
    for (auto& [key, rows] : table)
      std::erase_if(rows, [&](const auto& row) { return row.second < before && removed < limit && ++removed; });
    return removed;
  }
};

using FakeNotices = FakeTokens<risk::NoticeStore, risk::Notice>;

class FakeApprovals final : public risk::ApprovalStore {
 public:
  std::map<risk::ApprovalId, risk::Approval> rows;

  core::Result<> create(core::Tx&, const risk::Approval& approval) override {
    rows.emplace(approval.id, approval);
    return {};
  }
  core::Result<std::vector<risk::Approval>> list(core::Tx&, accounts::UserId user, core::Time since) override {
    std::vector<risk::Approval> out;
    for (const auto& [id, row] : rows)
      if (row.user == user && row.at >= since) out.push_back(row);
    std::ranges::sort(out, [](const auto& a, const auto& b) { return std::pair(a.at, a.id) > std::pair(b.at, b.id); });
    return out;
  }
  core::Result<std::optional<risk::Approval>> find(core::Tx&, const crypto::Digest256& token) override {
    for (const auto& [id, row] : rows)
      if (row.token == token) return row;
    return std::nullopt;
  }
  core::Result<bool> decide(core::Tx&, risk::ApprovalId id, risk::ApprovalState state) override {
    const auto at = rows.find(id);
    if (at == rows.end() || at->second.state != risk::ApprovalState::waiting) return false;
    at->second.state = state;
    return true;
  }
  core::Result<int64_t> prune(core::Tx&, core::Time before, int64_t limit) override {
    int64_t removed = 0;
    std::erase_if(rows, [&](const auto& row) { return row.second.at < before && removed < limit && ++removed; });
    return removed;
  }
};

}  // namespace test
