// self's stores in memory. Give `rows` to FakeTransactor::track().
#pragma once
#include <algorithm>
#include <map>

#include "self/email_change_store.h"
#include "self/remains_store.h"
#include "tests/support/fake_accounts.h"

namespace test {

class FakeEmailChanges final : public self::EmailChangeStore {
 public:
  std::map<accounts::UserId, self::PendingEmail> rows;

  core::Result<> put(core::Tx&, const self::PendingEmail& pending) override {
    rows.insert_or_assign(pending.user, pending);
    return {};
  }
  core::Result<std::optional<self::PendingEmail>> find(core::Tx&, accounts::UserId user) override {
    const auto at = rows.find(user);
    return at == rows.end() ? std::nullopt : std::optional(at->second);
  }
  core::Result<> remove(core::Tx&, accounts::UserId user) override {
    rows.erase(user);
    return {};
  }
  core::Result<bool> mailed_after(core::Tx&, std::string_view email_key, core::Time since) override {
    return std::ranges::any_of(rows, [&](const auto& entry) {
      const auto& mailed_at = entry.second.mailed_at;
      return entry.second.email_key == email_key && mailed_at && *mailed_at > since;
    });
  }
  core::Result<int64_t> prune(core::Tx&, core::Time before, int64_t limit) override {
    int64_t removed = 0;
    std::erase_if(rows, [&](const auto& e) { return e.second.asked_at < before && removed < limit && ++removed; });
    return removed;
  }
};

class FakeRemains final : public self::RemainsStore {
 public:
  explicit FakeRemains(FakeUsers& users) : users_(users) {}
  std::vector<accounts::UserId> erased;

  core::Result<> erase(core::Tx&, accounts::UserId user) override {
    erased.push_back(user);
    return {};
  }
  core::Result<std::vector<accounts::UserId>> due(core::Tx&, core::Time now, int64_t limit) override {
    std::vector<accounts::UserId> out;
    for (const auto& [id, user] : users_.users)
      if (user.delete_after && *user.delete_after <= now && std::ssize(out) < limit) out.push_back(id);
    return out;
  }

 private:
  FakeUsers& users_;
};

}  // namespace test
