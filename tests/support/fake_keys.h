// A tokens::KeyStore in memory. Give `keys` to FakeTransactor::track().
#pragma once
#include <algorithm>
#include <tuple>

#include "tokens/key_store.h"

namespace test {

class FakeKeys final : public tokens::KeyStore {
 public:
  using StoredKey = tokens::StoredKey;
  std::vector<StoredKey> keys;

  core::Result<> lock(core::Tx&) override { return {}; }
  core::Result<> create(core::Tx&, const StoredKey& key) override {
    if (std::ranges::find(keys, key.kid, &StoredKey::kid) != keys.end()) return core::fail(core::Code::conflict);
    keys.push_back(key);
    std::ranges::sort(keys, {}, [](const StoredKey& k) { return std::tie(k.active_at, k.kid); });
    return {};
  }
  core::Result<std::vector<StoredKey>> list(core::Tx&) override { return keys; }
  core::Result<> retire(core::Tx&, std::string_view kid, core::Time at) override {
    for (auto& key : keys)
      if (key.kid == kid && !key.retired_at) key.retired_at = at;
    return {};
  }
  core::Result<int64_t> prune(core::Tx&, core::Time before) override {
    return static_cast<int64_t>(
        std::erase_if(keys, [&](const StoredKey& key) { return key.retired_at && *key.retired_at < before; }));
  }
};

}  // namespace test
