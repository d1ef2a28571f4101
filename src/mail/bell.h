// Owns: waking the one who delivers, and knowing when everything that was rung for has been seen to.
// Thread rule: any thread.
#pragma once
#include <condition_variable>
#include <mutex>
#include <stop_token>

#include "core/clock.h"

namespace mail {

class Bell {
 public:
  void ring() {
    {
      const std::lock_guard lock(mutex_);
      ++rung_;
    }
    changed_.notify_all();
  }

  // What was rung so far, or 0 for none. Waits for more than `seen`, for the time-out or for `stop`.
  uint64_t wait(uint64_t seen, core::Millis timeout, std::stop_token stop) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, timeout, [&] { return rung_ > seen; });
    return rung_;
  }

  // Everything up to `seen` has been attempted.
  void answer(uint64_t seen) {
    {
      const std::lock_guard lock(mutex_);
      answered_ = seen;
    }
    changed_.notify_all();
  }

  // Until what was rung before this call is answered; false when that takes longer than `timeout`.
  bool settle(core::Millis timeout) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [this, target = rung_] { return answered_ >= target; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  uint64_t rung_ = 0, answered_ = 0;
};

}  // namespace mail
