#include "sessions/end_again.h"

#include "core/log.h"

namespace sessions {

void EndAgain::wake() {
  {
    const std::lock_guard lock(mutex_);
    due_ = true;
  }
  woken_.notify_one();
}

void EndAgain::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (woken_.wait(lock, stop, [this] { return due_; })) {
    due_ = false;
    lock.unlock();
    const auto done = sessions_.end_again();
    lock.lock();
    if (done) continue;
    core::log(core::Level::warn, "sessions could not be ended again yet", {{"cause", done.error().cause}});
    due_ = true;
    woken_.wait_for(lock, stop, pause, [] { return false; });
  }
}

}  // namespace sessions
