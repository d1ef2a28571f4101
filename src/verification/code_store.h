// Owns: rows of verification_codes, at most one for each user and purpose.
// Does not own: the rules of codes (code.h).
// Thread rule: any worker thread.
#pragma once
#include "core/unit_of_work.h"
#include "verification/code.h"

namespace verification {

class Store {
 public:
  virtual ~Store() = default;
  // Puts `code` in the place of the older one and counts it. False, and nothing is changed, while the older one cools
  // (Rules::cool_down_after). Of parallel callers one gets true.
  virtual core::Result<bool> issue(core::Tx& tx, const Code& code, const Rules& rules) = 0;
  // Until when the older one cools. The past when there is none.
  virtual core::Result<core::Time> cools_until(core::Tx& tx, accounts::UserId user, Purpose purpose,
                                               const Rules& rules) = 0;
  // Takes one try off the current code and returns its hash; nobody else tries it until the end of `tx`. Absent when
  // there is none, or it is not open (Code::open).
  virtual core::Result<std::optional<crypto::Digest256>> consume_try(core::Tx& tx, accounts::UserId user,
                                                                     Purpose purpose, int64_t tries,
                                                                     core::Time now) = 0;
  // The current code never opens again and those before it are not counted; when it was issued stays known. Harmless
  // when there is none.
  virtual core::Result<> revoke(core::Tx& tx, accounts::UserId user, Purpose purpose) = 0;
  // Of every purpose it becomes unknown when a code was issued and how many went before; whether one is open stays.
  virtual core::Result<> forget(core::Tx& tx, accounts::UserId user) = 0;
};

}  // namespace verification
