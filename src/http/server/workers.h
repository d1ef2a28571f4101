// Owns: the threads of the work lane and the bounded queue in front of them.
// Does not own: what they run.
// Thread rule: submit from any thread.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace http {

class Workers {
 public:
  using Work = std::move_only_function<void()>;
  Workers(size_t threads, size_t queue_limit);
  // finish().
  ~Workers();

  // Takes a place in the queue for the one submit() that must follow; false when there is none.
  bool reserve();
  void submit(Work work);
  // From now on what is queued should answer that it will not be done.
  void abandon() { abandoned_.store(true, std::memory_order_relaxed); }
  bool abandoned() const { return abandoned_.load(std::memory_order_relaxed); }
  // Reserves nothing more, runs what is queued, then joins.
  void finish();

  size_t queued() const { return queued_.load(std::memory_order_relaxed); }
  size_t running() const { return running_.load(std::memory_order_relaxed); }

 private:
  void run();

  const size_t limit_;
  std::atomic<size_t> queued_{0}, running_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Work> queue_;
  size_t idle_ = 0;
  std::atomic<bool> stopping_{false}, abandoned_{false};
  std::vector<std::thread> threads_;
};

}  // namespace http
