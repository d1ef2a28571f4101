// Owns: rows of seals, and reading events in the order of their ids, in which they are sealed.
// Does not own: what a seal says (chain.h).
// Thread rule: any worker thread.
#pragma once
#include "audit/chain.h"
#include "core/unit_of_work.h"

namespace audit {

struct Standing {
  Seal last;       // without its leaves; number 0 while there is none
  core::Time now;  // by the database's clock
};

class SealStore {
 public:
  virtual ~SealStore() = default;
  virtual core::Result<Standing> standing(core::Tx& tx) = 0;
  // Error: conflict when there is one of its number.
  virtual core::Result<> append(core::Tx& tx, const Seal& seal) = 0;
  // Those behind `number`, the oldest first, at most `limit`. `internal` for a row that cannot be read.
  virtual core::Result<std::vector<Seal>> list(core::Tx& tx, int64_t number, int64_t limit) = 0;
  // Ids above `after`, ascending, at most `limit`.
  virtual core::Result<std::vector<core::Uuid>> ids(core::Tx& tx, const core::Uuid& after, int64_t limit) = 0;
  // Events with ids above `after`, ascending, at most `limit`.
  virtual core::Result<std::vector<Record>> events(core::Tx& tx, const core::Uuid& after, int64_t limit) = 0;
  // Removes the seals and the events that they name.
  virtual core::Result<> remove(core::Tx& tx, const std::vector<Seal>& seals) = 0;
};

}  // namespace audit
