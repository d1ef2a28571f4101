// Owns: the interface to what is familiar of each user, and to which accounts a source tried.
// Does not own: what a trait is (watch.h).
// Thread rule: any worker thread, inside a Tx.
#pragma once
#include <string>
#include <vector>

#include "accounts/user.h"
#include "core/unit_of_work.h"
#include "crypto/digest.h"

namespace risk {

struct Trait {
  std::string text;  // "device …", "network …", "country …"
  core::Time last_at;
  bool operator==(const Trait&) const = default;
};

class FamiliarStore {
 public:
  virtual ~FamiliarStore() = default;
  virtual core::Result<std::vector<Trait>> list(core::Tx& tx, accounts::UserId user) = 0;
  // Adds it, or moves its time on; never back.
  virtual core::Result<> put(core::Tx& tx, accounts::UserId user, const Trait& trait) = 0;
  // Nothing when it was not there.
  virtual core::Result<> remove(core::Tx& tx, accounts::UserId user, const std::string& text) = 0;
  // Removes up to `limit` that were last seen before `before`; how many.
  virtual core::Result<int64_t> prune(core::Tx& tx, core::Time before, int64_t limit) = 0;

  // `source` tried the account that `account` is a hash of.
  virtual core::Result<> put_try(core::Tx& tx, const std::string& source, const crypto::Digest256& account,
                                 core::Time at) = 0;
  // How many accounts it tried since, counted no further than `most`.
  virtual core::Result<int64_t> count_tries(core::Tx& tx, const std::string& source, core::Time since,
                                            int64_t most) = 0;
  virtual core::Result<int64_t> prune_tries(core::Tx& tx, core::Time before, int64_t limit) = 0;
};

}  // namespace risk
