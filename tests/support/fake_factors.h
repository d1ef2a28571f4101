// mfa's stores in memory. Give `state` to FakeTransactor::track().
#pragma once
#include <map>
#include <set>

#include "mfa/challenge_store.h"
#include "mfa/factor_store.h"
#include "tests/support/fake_tokens.h"

namespace test {

class FakeFactors final : public mfa::FactorStore {
 public:
  using UserId = accounts::UserId;
  struct State {
    std::map<UserId, mfa::TotpFactor> totp;
    std::map<UserId, std::set<crypto::Digest256>> codes;
  };
  State state;

  core::Result<std::optional<mfa::TotpFactor>> find_totp(core::Tx&, UserId user) override {
    const auto at = state.totp.find(user);
    return at == state.totp.end() ? std::nullopt : std::optional(at->second);
  }
  core::Result<std::optional<mfa::TotpFactor>> lock_totp(core::Tx& tx, UserId user) override {
    return find_totp(tx, user);
  }
  core::Result<> put_totp(core::Tx&, const mfa::TotpFactor& factor) override {
    state.totp.insert_or_assign(factor.user, factor);
    return {};
  }
  core::Result<bool> remove_totp(core::Tx&, UserId user) override { return state.totp.erase(user) == 1; }
  core::Result<> put_recovery_codes(core::Tx&, UserId user, const std::vector<crypto::Digest256>& hashes) override {
    state.codes[user] = {hashes.begin(), hashes.end()};
    return {};
  }
  core::Result<bool> consume_recovery_code(core::Tx&, UserId user, const crypto::Digest256& hash) override {
    return state.codes[user].erase(hash) == 1;
  }
  core::Result<int64_t> count_recovery_codes(core::Tx&, UserId user) override { return std::ssize(state.codes[user]); }
};

using FakeChallenges = FakeTokens<mfa::ChallengeStore, mfa::Challenge>;

}  // namespace test
