// Owns: rows of signing keys, their private parts sealed.
// Does not own: opening them (key_ring.h).
// Thread rule: any worker thread.
#pragma once
#include "core/unit_of_work.h"
#include "crypto/settings.h"

namespace tokens {

enum class Purpose { access, refresh };
constexpr std::array<core::Name<Purpose>, 2> names_of(Purpose) {
  return {{{Purpose::access, "access"}, {Purpose::refresh, "refresh"}}};
}

struct StoredKey {
  std::string kid;
  Purpose purpose = Purpose::access;
  crypto::Algorithm algorithm = crypto::Algorithm::ES256;
  std::vector<uint8_t> sealed;
  core::Time created_at, active_at;      // signs from active_at on
  std::optional<core::Time> retired_at;  // verifies until then; absent while no successor was made
};

class KeyStore {
 public:
  virtual ~KeyStore() = default;
  // Waits for every other transaction that makes keys.
  virtual core::Result<> lock(core::Tx& tx) = 0;
  virtual core::Result<> create(core::Tx& tx, const StoredKey& key) = 0;
  // Oldest first, the retired ones included.
  virtual core::Result<std::vector<StoredKey>> list(core::Tx& tx) = 0;
  virtual core::Result<> retire(core::Tx& tx, std::string_view kid, core::Time at) = 0;
  // Deletes keys that were retired before `before`; the number deleted.
  virtual core::Result<int64_t> prune(core::Tx& tx, core::Time before) = 0;
};

}  // namespace tokens
