// Owns: handing a mail over, in the transaction that it belongs to.
// Thread rule: any worker thread.
#pragma once
#include "core/unit_of_work.h"
#include "mail/message.h"

namespace mail {

// What every feature that writes to people takes.
class Outbox {
 public:
  virtual ~Outbox() = default;
  // What the mails of this server share; for templates.h.
  virtual const Letterhead& letterhead() const = 0;
  // Delivered soon after the commit, and tried again until `expires_at`; never when the transaction fails.
  virtual core::Result<> enqueue(core::Tx& tx, Message message, core::Time expires_at) = 0;
};

}  // namespace mail
