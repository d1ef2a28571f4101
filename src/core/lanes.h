// Owns: threads that do at once what is asked for at the same time, and then finish each by itself. Nobody waits for
// company: the first goes at once, and those that come meanwhile go together. A further lane opens when a full load
// waits: two lanes with few each cost more than one with all of them.
//
// Does not own: what the work is, and how long it takes. For who waits for the outcome himself there is combiner.h.
//
// Thread rule: submit() from any thread; it does not block.
#pragma once
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "core/log.h"
#include "core/result.h"

namespace core {

// Item::done(Result<>) is called once for each, on one of the threads, after the work; its error is store_unavailable
// when the item's turn did not come within `patience`, or a quarter more.
template <class Item>
class Lanes {
 public:
  using Work = std::function<void(std::span<Item* const>)>;

  // `work` is called by at most `lanes` threads at once, with at most `most` items. What it throws is logged; the items
  // are then as it left them. The threads begin with the first item.
  Lanes(size_t lanes, size_t most, Work work, std::chrono::milliseconds patience = std::chrono::seconds(5))
      : lanes_(lanes), most_(most), work_(std::move(work)), patience_(patience) {}
  // After all that was submitted is done.
  ~Lanes() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
  }

  void submit(std::shared_ptr<Item> item) {
    {
      const std::lock_guard lock(mutex_);
      if (threads_.empty()) start();
      waiting_.push_back({std::move(item), Clock::now()});
      if (!may_lead()) return;
    }
    changed_.notify_one();
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Waiting {
    std::shared_ptr<Item> item;
    Clock::time_point since;
  };
  using Lock = std::unique_lock<std::mutex>;
  using Items = std::vector<std::shared_ptr<Item>>;

  // A lane is free while its last load is finished: more threads than lanes, as many as may finish at once.
  void start() {
    const size_t count = lanes_ + std::max(1u, std::thread::hardware_concurrency());
    for (size_t i = 0; i < count; ++i) threads_.emplace_back([this] { run(); });
  }

  void run() {
    for (Lock lock(mutex_);;) {
      if (may_lead()) lead(lock);
      else if (auto late = overdue(); !late.empty()) give_up(lock, late);
      else if (stopping_ && waiting_.empty()) return;
      else changed_.wait_for(lock, patience_ / 4);  // nobody calls when a turn does not come
    }
  }

  bool may_lead() const { return leaders_ == 0 ? !waiting_.empty() : leaders_ < lanes_ && waiting_.size() >= most_; }

  Items take(size_t count) {
    Items taken;
    for (; count > 0; --count, waiting_.pop_front()) taken.push_back(std::move(waiting_.front().item));
    return taken;
  }

  Items overdue() {
    const auto end = Clock::now() - patience_;
    const auto first = std::ranges::find_if(waiting_, [&](const Waiting& one) { return one.since > end; });
    return take(static_cast<size_t>(first - waiting_.begin()));
  }

  void lead(Lock& lock) {
    const Items taken = take(std::min(most_, waiting_.size()));
    ++leaders_;
    lock.unlock();
    std::vector<Item*> items;
    for (const auto& item : taken) items.push_back(item.get());
    careful([&] { work_(items); });
    lock.lock();
    --leaders_;
    const bool more = may_lead();
    lock.unlock();
    if (more) changed_.notify_one();
    for (const auto& item : taken) careful([&] { item->done({}); });
    lock.lock();
  }

  void give_up(Lock& lock, const Items& late) {
    lock.unlock();
    for (const auto& item : late)
      careful([&] { item->done(fail_because(Code::store_unavailable, "its turn did not come in time")); });
    lock.lock();
  }

  static void careful(const auto& call) {
    try {
      call();
    } catch (const std::exception& thrown) {
      log(Level::error, "thrown by work that is done together", {{"cause", thrown.what()}});
    }
  }

  const size_t lanes_, most_;
  const Work work_;
  const std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> waiting_;
  size_t leaders_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace core
