// Owns: the thread on which sessions are ended again when the database went back.
// Does not own: which (session_service.h), finding out that it went back (changes/change_feed.h).
// Thread rule: wake() from any thread; it returns at once.
#pragma once
#include <condition_variable>
#include <mutex>
#include <thread>

#include "sessions/session_service.h"

namespace sessions {

class EndAgain {
 public:
  explicit EndAgain(Service& sessions)
      : sessions_(sessions), thread_([this](const std::stop_token& stop) { run(stop); }) {}

  // Ends them, and tries again until the store took it.
  void wake();

  static constexpr core::Millis pause{200};

 private:
  void run(const std::stop_token& stop);

  Service& sessions_;
  std::mutex mutex_;
  std::condition_variable_any woken_;
  bool due_ = false;
  std::jthread thread_;
};

}  // namespace sessions
