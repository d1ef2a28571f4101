// Owns: announcing a change, in this process and to all others.
// Thread rule: any worker thread.
#pragma once
#include "changes/change_store.h"

namespace changes {

// What every feature calls in the transaction that changes something others cache. The row reaches other processes;
// subscribers of this process are told before the transaction's caller continues.
class Outbox {
 public:
  virtual ~Outbox() = default;
  virtual core::Result<> announce(core::Tx& tx, const Change& change) = 0;
};

}  // namespace changes
