// Owns: the ends of sessions that this process committed lately, so that a database that lost them can be told again.
// Does not own: ending them again (session_service.h), and when (end_again.h).
// Thread rule: any thread.
#pragma once
#include <deque>
#include <mutex>

#include "sessions/session.h"

namespace sessions {

struct RecentEnd {
  SessionId id;
  accounts::UserId user;
  EndReason reason;
  core::Millis at;  // Clock::boot()
};

class RecentEnds {
 public:
  static constexpr core::Millis kept = std::chrono::minutes(10);
  static constexpr size_t most = 10'000;

  void add(const RecentEnd& end);
  struct Kept {
    std::vector<RecentEnd> ends;  // oldest first
    bool complete;                // none of the time was dropped to make room
  };
  Kept at(core::Millis now) const;

 private:
  mutable std::mutex mutex_;
  std::deque<RecentEnd> ends_;
  std::optional<core::Millis> dropped_;  // the end of the last one
};

}  // namespace sessions
