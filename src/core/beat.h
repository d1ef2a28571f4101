// Owns: hiding how long a call took.
// Does not own: which calls need it: those whose time would tell whether an account exists.
// Thread rule: worker threads; it sleeps.
#pragma once
#include <chrono>
#include <thread>

namespace core {

// Ends on the next whole multiple of `length` since it began, so that microseconds of difference do not show.
class Beat {
 public:
  static constexpr std::chrono::milliseconds length{10};
  Beat() = default;
  Beat(const Beat&) = delete;
  Beat& operator=(const Beat&) = delete;
  ~Beat() {
    const auto beats = (std::chrono::steady_clock::now() - began_) / length + 1;
    std::this_thread::sleep_until(began_ + beats * length);
  }

 private:
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace core
