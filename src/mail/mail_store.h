// Owns: rows of mail_outbox.
// Does not own: what is sealed in them, and when they are due again (mail_service.h).
// Thread rule: any worker thread of any node.
#pragma once
#include <optional>
#include <vector>

#include "core/unit_of_work.h"
#include "mail/message.h"

namespace mail {

struct StoredLetter {
  LetterId id;
  std::string recipient;
  std::vector<uint8_t> sealed;
  core::Time created_at, expires_at;
  int64_t attempts = 0;
  core::Time next_attempt_at{};
};

class Store {
 public:
  virtual ~Store() = default;
  virtual core::Result<> create(core::Tx& tx, const StoredLetter& letter) = 0;
  // When the next letter is due, which may be in the past; absent when there is none.
  virtual core::Result<std::optional<core::Time>> find_due(core::Tx& tx) = 0;
  // Takes the letter that is longest due at `now`: counts an attempt and makes it due again at `lease_end`, so that
  // nobody else takes it before. Absent when none is due, or another node was quicker.
  virtual core::Result<std::optional<StoredLetter>> claim(core::Tx& tx, core::Time now, core::Time lease_end) = 0;
  // Puts a claimed letter off. Nothing is changed when it was claimed again since (`attempts` differs) or is gone.
  virtual core::Result<> update(core::Tx& tx, LetterId id, int64_t attempts, core::Time next_attempt_at,
                                const std::string& why) = 0;
  // As above, when it is done with.
  virtual core::Result<> delete_claimed(core::Tx& tx, LetterId id, int64_t attempts) = 0;
  // Deletes what has expired at `now`; the number deleted.
  virtual core::Result<int64_t> delete_expired(core::Tx& tx, core::Time now) = 0;
};

}  // namespace mail
