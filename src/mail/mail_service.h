// Owns: the way of a mail through the outbox: sealed, claimed, delivered or tried again, expired.
// Does not own: the thread that does it (sender.h), the delivery itself (transport.h).
// Thread rule: any worker thread; deliver_due() by one thread per Transport.
#pragma once
#include "crypto/random.h"
#include "crypto/seal.h"
#include "mail/bell.h"
#include "mail/mail_store.h"
#include "mail/outbox.h"
#include "mail/transport.h"

namespace mail {

// Longer than any delivery takes, so that two nodes never send the same letter at once. A node that dies between
// delivery and note makes it be sent a second time after this long, under the same Message-ID.
inline constexpr core::Millis lease = std::chrono::minutes(2);

// How long to wait after attempt number `attempts` (from 1) failed: 5 s, doubling up to 15 minutes, times a random
// factor from 0.5 to 1.5, so that letters which failed together do not come back together.
core::Millis back_off(int64_t attempts, crypto::Random& random);

class Service final : public Outbox {
 public:
  Service(core::Transactor& transactor, Store& store, const crypto::Sealer& sealer, crypto::Random& random,
          const core::Clock& clock, Letterhead letterhead);

  const Letterhead& letterhead() const override { return letterhead_; }

  core::Result<> enqueue(core::Tx& tx, Message message, core::Time expires_at) override;

  // Attempts everything that is due and drops what has expired. When the next letter is due; absent when none is left.
  // An error (store_unavailable) leaves the rest for later.
  core::Result<std::optional<core::Time>> deliver_due(Transport& transport, std::stop_token stop = {});

  // Rung by enqueue() once the transaction is over.
  Bell& bell() { return bell_; }

 private:
  core::Result<std::optional<core::Time>> find_due();
  core::Result<std::optional<StoredLetter>> claim();
  Delivery attempt(const StoredLetter& stored, Transport& transport, std::stop_token stop);
  core::Result<> record(const StoredLetter& stored, const Delivery& delivery);

  core::Transactor& transactor_;
  Store& store_;
  const crypto::Sealer& sealer_;
  crypto::Random& random_;
  const core::Clock& clock_;
  const Letterhead letterhead_;
  Bell bell_;
};

}  // namespace mail
