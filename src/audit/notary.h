// Owns: sealing what was recorded, and removing what was kept long enough so that the rest can still be verified.
// Does not own: when it is called (app/maintenance.h), verifying (verifier.h).
// Thread rule: seal() from one thread, prune() from any; any number of nodes, of which one seals at a time.
//
// Events are found by their ids, which hold the time at which they were made: each second from 10 seconds before the
// last look on, twice a minute from 15 minutes before it, where a slow transaction or a slow clock may have put one.
// What appears below that is sealed by nobody, and named by the verifier.
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

  // Whoever did not make the last seal keeps away for that long.
  static constexpr core::Seconds lease{3};
  static constexpr core::Seconds near{10}, far{15 * 60}, far_every{30};
  static constexpr int64_t batch = 5000;
  // Ids of sealed events that are held in memory, when those of the last half hour are not more.
  static constexpr size_t most_known = 100'000;

  // Seals at most `batch` events. Whether there may be more; a node that has nothing to do says no. Error: conflict
  // when another node was faster.
  core::Result<bool> seal();
  // Removes the oldest seals made before `before` with their events, but never the last, and records it. `limit` when
  // there is more to remove, else less.
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
  core::Result<> notice_loss(const Seal& last);
  core::Result<> write(const Found& found);

  const Parts parts_;
  int64_t number_ = -1;               // of the last seal whose events this node knows; -1 before it has looked
  Seal seen_;                         // the newest that this node has seen, whoever made it
  std::set<core::Uuid> sealed_;       // every sealed event that is younger than `floor_`
  core::Time floor_{};                // nothing older is looked at, so that nothing is sealed twice
  std::optional<core::Uuid> resume_;  // where a look that found more than a batch goes on
  std::optional<core::Time> looked_;  // when everything was seen last, by the database's clock
  std::optional<core::Millis> looked_far_;
};

}  // namespace audit
