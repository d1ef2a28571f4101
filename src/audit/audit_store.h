// Owns: the append-only record of events.
// Does not own: the effect that an event tells of: it is written in the same Tx.
// Thread rule: any worker thread.
#pragma once
#include "audit/event.h"
#include "core/unit_of_work.h"

namespace audit {

class Store {
 public:
  virtual ~Store() = default;
  virtual core::Result<> append(core::Tx& tx, const Event& event, const Origin& origin) = 0;
  // The newest events of one user, newest first, at most `limit`.
  virtual core::Result<std::vector<Record>> list(core::Tx& tx, const core::Uuid& subject, int64_t limit) = 0;
};

}  // namespace audit
