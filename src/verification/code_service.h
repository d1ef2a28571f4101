// Owns: issuing and consuming one-time codes.
// Does not own: mailing them, or what they open; the caller does both in the same transaction.
// Thread rule: any worker thread.
#pragma once
#include "verification/code_store.h"

namespace verification {

class Service {
 public:
  // `key` has at least 32 bytes, is the same on every node and lives outside the database.
  Service(Store& store, crypto::Random& random, crypto::Secret key, Rules rules = {});

  // A new code, which voids the older one of this user and purpose. Absent while the older one is younger than the
  // cool-down, also when it was consumed, over-tried or discarded meanwhile; an open one stays usable then.
  // What it is `about` has to be said again when it is used.
  core::Result<std::optional<crypto::Secret>> issue(core::Tx& tx, accounts::UserId user, Purpose purpose,
                                                    core::Time now, std::string_view about = {});

  // As issue, for who may be told: rate_limited, with how long, while the older one cools.
  core::Result<crypto::Secret> demand(core::Tx& tx, accounts::UserId user, Purpose purpose, core::Time now,
                                      std::string_view about);

  // `accepted` for the right code, once. A wrong one costs a try, so the caller commits also when refused. What is not
  // six digits cannot be a code: it is refused and costs nothing.
  core::Result<Outcome> consume(core::Tx& tx, accounts::UserId user, Purpose purpose, const crypto::Secret& code,
                                core::Time now, std::string_view about = {});
  // As consume, but the right code stays open until the caller discards it; it costs a try, too.
  core::Result<Outcome> compare(core::Tx& tx, accounts::UserId user, Purpose purpose, const crypto::Secret& code,
                                core::Time now, std::string_view about = {});

  // The current code opens nothing any more. The cool-down goes on.
  core::Result<> discard(core::Tx& tx, accounts::UserId user, Purpose purpose);
  core::Result<> discard_all(core::Tx& tx, accounts::UserId user);
  // The next code of each purpose may be issued at once; the current ones stay void or open as they are.
  core::Result<> forget(core::Tx& tx, accounts::UserId user);

  const Rules& rules() const { return rules_; }

 private:
  Rules rules_of(Purpose purpose) const;

  Store& store_;
  crypto::Random& random_;
  crypto::HmacKey key_;
  Rules rules_;
};

}  // namespace verification
