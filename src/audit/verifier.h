// Owns: finding what was changed, dropped, added or moved in the record of events since it was sealed.
// Does not own: sealing (notary.h), telling about it (app/command_audit.cc).
// Thread rule: one thread, one Verifier for each run.
#pragma once
#include <unordered_map>

#include "audit/seal_store.h"

namespace audit {

struct Report {
  int64_t events = 0, seals = 0;
  int64_t unsealed = 0;               // events too young to be sealed
  int64_t late = 0;                   // seals made over 15 minutes after an event of theirs
  int64_t first_number = 0;           // of the seals that are there; those before were removed as settings say
  Seal last;                          // without its leaves
  std::vector<std::string> findings;  // a sentence for each; none: nothing was changed
};

class Verifier {
 public:
  Verifier(SealStore& store, const crypto::VerifyKey& key) : store_(store), key_(key) {}

  // Reads everything, in the snapshot of `tx`. `known` is a head that was noted elsewhere: it shows that what it
  // vouches for is what it was; losses that were on record by then are not named again. Findings stop at 100.
  core::Result<Report> run(core::Tx& tx, const std::optional<std::pair<int64_t, crypto::Digest256>>& known = {});

 private:
  void check_chain(const Seal& seal, const Seal& before);
  core::Result<> check_events(core::Tx& tx, const Seal& seal);
  void compare(const Seal& seal);
  core::Result<bool> read_more(core::Tx& tx);
  core::Result<> check_rest(core::Tx& tx);
  int64_t removed_by(std::string_view detail) const;
  void check_beginning();
  void find(std::string sentence);

  SealStore& store_;
  const crypto::VerifyKey& key_;
  Report report_;
  // Read and not met in a seal yet: about as many as were recorded in a moment.
  std::unordered_map<core::Uuid, crypto::Digest256, core::UuidHash> open_;
  core::Uuid read_{};  // the greatest id read
  bool all_read_ = false;
  core::Time newest_{};  // of the events that are sealed
  std::optional<std::pair<int64_t, crypto::Digest256>> known_;
  bool compared_ = false;
  std::unordered_map<core::Uuid, std::string, core::UuidHash> losses_;  // which seals, by the event that tells of it
  int64_t pruned_ = 0;  // the number up to which seals were removed, as it is on record
};

}  // namespace audit
