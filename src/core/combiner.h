// Owns: doing at once what several threads ask for at the same time: whoever finds a free lane works for all who wait.
// Nobody waits for company: the first goes at once, and those that come meanwhile go together. A further lane opens
// when a full load waits: two lanes with few each cost more than one with all of them.
//
// Does not own: what the work is, and how long it takes.
//
// Thread rule: run() from any thread that may wait.
#pragma once
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "core/result.h"

namespace core {

template <class Item>
class Combiner {
 public:
  using Work = std::function<void(std::span<Item* const>)>;

  // `work` is called by at most `lanes` threads at once, with at most `most` items. What it throws reaches one of the
  // callers; the items are then as it left them.
  Combiner(size_t lanes, size_t most, Work work) : lanes_(lanes), most_(most), work_(std::move(work)) {}

  // Returns once `item` was worked on, by this thread or another. Error: store_unavailable when its turn did not come
  // within `patience`.
  Result<> run(Item& item, std::chrono::milliseconds patience = std::chrono::seconds(5)) {
    const auto mine = std::make_shared<Waiter>(&item);
    if (!enter(mine) && !mine->wait_for(patience) && leave(mine))
      return fail_because(Code::store_unavailable, "its turn did not come in time");
    if (mine->wait() == State::leads) lead(mine);
    return {};
  }

 private:
  enum class State { waiting, leads, done };
  // Shared, since whoever is told that it is done may be gone before the telling ends.
  struct Waiter {
    explicit Waiter(Item* item) : item(item) {}
    void become(State next) {
      {
        const std::lock_guard lock(mutex);
        state = next;
      }
      changed.notify_one();
    }
    bool wait_for(std::chrono::milliseconds patience) {
      std::unique_lock lock(mutex);
      return changed.wait_for(lock, patience, [this] { return state != State::waiting; });
    }
    State wait() {
      std::unique_lock lock(mutex);
      changed.wait(lock, [this] { return state != State::waiting; });
      return state;
    }
    Item* const item;
    std::mutex mutex;
    std::condition_variable changed;  // an atomic's wait() yields the processor many times first
    State state = State::waiting;
  };
  using Waiters = std::vector<std::shared_ptr<Waiter>>;

  // Whether there was a lane for it.
  bool enter(const std::shared_ptr<Waiter>& mine) {
    const std::lock_guard lock(mutex_);
    if (leaders_ == lanes_ || (leaders_ > 0 && !worth_a_lane())) return waiting_.push_back(mine), false;
    ++leaders_;
    mine->state = State::leads;
    return true;
  }

  // False when its turn has come meanwhile.
  bool leave(const std::shared_ptr<Waiter>& mine) {
    const std::lock_guard lock(mutex_);
    return std::erase(waiting_, mine) == 1;
  }

  void lead(const std::shared_ptr<Waiter>& mine) {
    Turn turn{*this, {}};
    take(mine, turn.taken);
    std::vector<Item*> items;
    for (const auto& waiter : turn.taken) items.push_back(waiter->item);
    work_(items);
  }

  // Whatever is thrown, the lane is handed on, and all who were taken are told.
  struct Turn {
    Combiner& owner;
    Waiters taken;
    ~Turn() {
      if (const auto next = owner.hand_over()) next->become(State::leads);
      for (const auto& waiter : taken) waiter->become(State::done);
    }
  };

  void take(const std::shared_ptr<Waiter>& mine, Waiters& taken) {
    const std::lock_guard lock(mutex_);
    taken.push_back(mine);
    for (; !waiting_.empty() && taken.size() < most_; waiting_.pop_front()) taken.push_back(waiting_.front());
  }

  bool worth_a_lane() const { return waiting_.size() + 1 >= most_; }

  // The lane goes to who has waited longest.
  std::shared_ptr<Waiter> hand_over() {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty() || (leaders_ > 1 && !worth_a_lane())) return --leaders_, nullptr;
    const auto next = waiting_.front();
    waiting_.pop_front();
    return next;
  }

  const size_t lanes_, most_;
  const Work work_;
  std::mutex mutex_;
  std::deque<std::shared_ptr<Waiter>> waiting_;
  size_t leaders_ = 0;
};

}  // namespace core
