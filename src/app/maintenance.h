// Owns: the chores of a running server: uses are written, what is over is cleared away in small batches.
// Does not own: whether anything is over: that is decided at use, never here.
// Thread rule: three threads of its own, so that none holds up another.
#pragma once
#include <condition_variable>
#include <thread>

#include "app/app.h"
#include "audit/notary.h"

namespace app {

class Maintenance {
 public:
  explicit Maintenance(App& app);
  // Writes the last uses, too.
  ~Maintenance();

  static constexpr core::Seconds touch_interval{5}, prune_interval{60}, seal_interval{1};
  static constexpr int64_t batch = 50;  // of what is cleared away at a time

 private:
  template <class F>
  void every(core::Millis interval, F&& chore);
  // False when the server stops.
  bool wait(core::Millis time);
  template <class F>
  core::Result<> in_batches(F&& prune_some, int64_t size = batch);
  void write_uses();
  void compare_clocks();
  void count_sessions();
  void seal();
  void prune();

  App& app_;
  audit::Notary notary_;
  std::atomic<int64_t> live_{0};
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::thread uses_, clearing_, sealing_;
};

}  // namespace app
