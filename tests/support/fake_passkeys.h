// webauthn's store in memory. Give `state` to FakeTransactor::track().
#pragma once
#include <algorithm>
#include <map>

#include "webauthn/passkey_store.h"

namespace test {

class FakePasskeys final : public webauthn::PasskeyStore {
 public:
  using Passkey = webauthn::Passkey;
  using UserId = accounts::UserId;
  struct State {
    std::vector<Passkey> rows;
    std::map<crypto::Digest256, webauthn::Challenge> challenges;
  };
  State state;

  core::Result<bool> create(core::Tx& tx, const Passkey& passkey) override {
    if (find(tx, passkey.credential_id).value()) return false;
    state.rows.push_back(passkey);
    return true;
  }
  core::Result<std::vector<Passkey>> list(core::Tx&, UserId user) override {
    std::vector<Passkey> out;
    std::ranges::copy_if(state.rows, std::back_inserter(out), [&](const Passkey& row) { return row.user == user; });
    return out;
  }
  core::Result<bool> has_any(core::Tx& tx, UserId user) override { return !TRY(list(tx, user)).empty(); }
  core::Result<std::optional<Passkey>> find(core::Tx&, crypto::Bytes id) override {
    const auto at =
        std::ranges::find_if(state.rows, [&](const Passkey& row) { return std::ranges::equal(row.credential_id, id); });
    return at == state.rows.end() ? std::nullopt : std::optional(*at);
  }
  core::Result<std::optional<Passkey>> lock(core::Tx& tx, crypto::Bytes id) override { return find(tx, id); }
  core::Result<> update_use(core::Tx&, const Passkey& passkey) override {
    for (auto& row : state.rows) {
      if (row.id != passkey.id) continue;
      row.sign_count = passkey.sign_count;
      row.backed_up = passkey.backed_up;
      row.last_used_at = passkey.last_used_at;
    }
    return {};
  }
  core::Result<bool> rename(core::Tx&, UserId user, webauthn::PasskeyId id, std::string_view name) override {
    for (auto& row : state.rows)
      if (row.id == id && row.user == user) return row.name = name, true;
    return false;
  }
  core::Result<std::optional<std::string>> remove(core::Tx&, UserId user, webauthn::PasskeyId id) override {
    const auto at =
        std::ranges::find_if(state.rows, [&](const Passkey& row) { return row.id == id && row.user == user; });
    if (at == state.rows.end()) return std::nullopt;
    std::string name = at->name;
    state.rows.erase(at);
    return name;
  }
  core::Result<> remove_all(core::Tx&, UserId user) override {
    std::erase_if(state.rows, [&](const Passkey& row) { return row.user == user; });
    return {};
  }

  core::Result<> put_challenge(core::Tx&, const crypto::Digest256& hash,
                               const webauthn::Challenge& challenge) override {
    state.challenges.insert_or_assign(hash, challenge);
    return {};
  }
  core::Result<std::optional<webauthn::Challenge>> take_challenge(core::Tx&, const crypto::Digest256& hash) override {
    auto taken = state.challenges.extract(hash);
    return taken ? std::optional(taken.mapped()) : std::nullopt;
  }
  core::Result<int64_t> prune_challenges(core::Tx&, core::Time before, int64_t limit) override {
    return static_cast<int64_t>(std::erase_if(
        state.challenges, [&](const auto& row) { return row.second.expires_at < before && limit-- > 0; }));
  }
};

}  // namespace test
