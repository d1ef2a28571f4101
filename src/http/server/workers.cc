#include "http/server/workers.h"

namespace http {

Workers::Workers(size_t threads, size_t queue_limit) : limit_(queue_limit) {
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

Workers::~Workers() { finish(); }

void Workers::finish() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

// A request counts as queued until a thread takes it, so idle threads leave the whole queue free.
bool Workers::reserve() {
  size_t queued = queued_.load(std::memory_order_relaxed);
  while (queued < limit_ && !stopping_.load(std::memory_order_relaxed))
    if (queued_.compare_exchange_weak(queued, queued + 1, std::memory_order_relaxed)) return true;
  return false;
}

void Workers::submit(Work work) {
  bool wake;
  {
    std::lock_guard lock(mutex_);
    queue_.push_back(std::move(work));
    wake = idle_ > 0;
  }
  if (wake) wake_.notify_one();
}

void Workers::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    wake_.wait(lock, [this] { return (stopping_ && queued() == 0) || !queue_.empty(); });
    --idle_;
    if (queue_.empty()) return;
    Work work = std::move(queue_.front());
    queue_.pop_front();
    queued_.fetch_sub(1, std::memory_order_relaxed);
    running_.fetch_add(1, std::memory_order_relaxed);
    // A place that was reserved before the stop is still used.
    if (stopping_) wake_.notify_all();
    lock.unlock();
    work();
    work = nullptr;
    running_.fetch_sub(1, std::memory_order_relaxed);
    lock.lock();
  }
}

}  // namespace http
