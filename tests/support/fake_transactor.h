// A Transactor over plain values, for services and fakes: one transaction at a time, undone on error.
#pragma once
#include <mutex>

#include "core/unit_of_work.h"

namespace test {

class FakeTransactor final : public core::Transactor {
 public:
  // `state` is put back when a transaction fails.
  template <class T>
  void track(T& state) {
    trackers_.push_back([&state]() -> std::function<void()> { return [&state, copy = state] { state = copy; }; });
  }
  // While set, nothing can be asked.
  bool unavailable = false;
  // Each is done twice, of which the first is undone, as PostgreSQL asks for after a collision: what consumes what it
  // was given does something else the second time.
  bool collides = false;

 private:
  struct FakeTx final : core::Tx {
    Hooks take_hooks() { return std::move(hooks_); }
  };

  core::Result<> run_erased(Mode, const std::function<core::Result<>(core::Tx&)>& work) override {
    FakeTx collided, tx;
    core::Result<> result;
    {
      const std::lock_guard lock(mutex_);
      if (unavailable) return core::fail(core::Code::store_unavailable);
      std::vector<std::function<void()>> undo;
      for (const auto& tracker : trackers_) undo.push_back(tracker());
      const auto undo_all = [&] {
        for (const auto& restore : undo) restore();
      };
      if (collides) {
        (void)work(collided);
        undo_all();
      }
      result = work(tx);
      if (!result) undo_all();
    }
    if (result)
      for (const auto& hook : tx.take_hooks()) hook(true);
    return result;
  }

  std::mutex mutex_;
  std::vector<std::function<std::function<void()>()>> trackers_;
};

}  // namespace test
