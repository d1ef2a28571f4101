// A verification::Store in memory. Give its state to FakeTransactor::track().
#pragma once
#include <map>

#include "verification/code_store.h"

namespace test {

class FakeCodeStore final : public verification::Store {
 public:
  using Key = std::pair<accounts::UserId, verification::Purpose>;
  std::map<Key, verification::Code> codes;

  core::Result<bool> issue(core::Tx&, const verification::Code& code, const verification::Rules& rules) override {
    const auto [at, fresh] = codes.try_emplace({code.user, code.purpose}, code);
    if (fresh) return true;
    const verification::Code old = at->second;
    if (old.issued_at + rules.cool_down_after(old.issues) > code.issued_at) return false;
    at->second = code;
    at->second.issues = old.issued_at + rules.forgotten <= code.issued_at ? 1 : old.issues + 1;
    return true;
  }

  core::Result<core::Time> cools_until(core::Tx&, accounts::UserId user, verification::Purpose purpose,
                                       const verification::Rules& rules) override {
    const auto at = codes.find({user, purpose});
    if (at == codes.end()) return core::Time{};
    return at->second.issued_at + rules.cool_down_after(at->second.issues);
  }

  core::Result<std::optional<crypto::Digest256>> consume_try(core::Tx&, accounts::UserId user,
                                                             verification::Purpose purpose, int64_t tries,
                                                             core::Time now) override {
    const auto at = codes.find({user, purpose});
    if (at == codes.end() || !at->second.open(now, tries)) return std::nullopt;
    ++at->second.attempts;
    return at->second.hash;
  }

  core::Result<> revoke(core::Tx&, accounts::UserId user, verification::Purpose purpose) override {
    const auto at = codes.find({user, purpose});
    if (at == codes.end()) return {};
    at->second.expires_at = {};
    at->second.issues = 0;
    return {};
  }

  core::Result<> forget(core::Tx&, accounts::UserId user) override {
    for (auto& [key, code] : codes)
      if (key.first == user) code.issued_at = {}, code.issues = 0;
    return {};
  }
};

}  // namespace test
