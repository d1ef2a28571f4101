// Owns: sealing what was recorded, and removing what was kept long enough so that the rest can still be verified.
// Does not own: when it is called (app/maintenance.h), verifying (verifier.h).
// Thread rule: one thread; any number of nodes, of which one seals at a time.
//
// Events are found by their ids, which hold the time at which they were made: each second the last 10 seconds are
// looked at, twice a minute the last 15 minutes, in which a slow transaction or a slow clock may have put one. What
// appears below that is sealed by nobody, and named by the verifier.
#pragma once
#include <set>

#include "audit/audit_store.h"
#include "audit/seal_store.h"

namespace audit {

class Notary {
 public:
  struct Parts {
    core::Transactor& transactor;
    SealStore& seals;
    Store& audit;
    const crypto::SigningKey& key;
    const core::Clock& clock;
  };
  explicit Notary(const Parts& parts) : parts_(parts) {}

  // A head is signed when as many events or as much time have passed since the one before.
  static constexpr int64_t sign_every = 1000;
  static constexpr core::Seconds sign_after{10};
  // Whoever did not seal the last keeps away for that long.
  static constexpr core::Seconds lease{3};
  static constexpr core::Seconds near{10}, far{15 * 60}, far_every{30};
  static constexpr int64_t batch = 5000;

  // Seals at most `batch` events. Whether there may be more; a node that has nothing to do says no.
  core::Result<bool> seal();
  // Removes up to `limit` seals made before `before` with their events, but never the last, and records it; how many.
  core::Result<int64_t> prune(core::Tx& tx, core::Time before, int64_t limit);

 private:
  struct Found {
    Standing standing;
    std::vector<Record> records;     // not sealed yet
    std::optional<core::Uuid> next;  // where to go on; absent when all was seen
  };
  core::Result<std::optional<Found>> look();
  core::Result<> recall(core::Tx& tx, const Standing& standing);
  core::Uuid begin_of(const Standing& standing);
  core::Result<> write(const Found& found);

  const Parts parts_;
  int64_t number_ = -1;               // of the last seal that this node knows; -1 before it has looked
  std::set<core::Uuid> sealed_;       // of the last quarter of an hour
  std::optional<core::Uuid> resume_;  // where a look that found more than a batch goes on
  std::optional<core::Millis> looked_far_;
  core::Time signed_at_{};
  int64_t unsigned_ = 1;  // at least, since the last signature
};

}  // namespace audit
