// Owns: hearing of every change: at once from this process, by polling from all others; and how fresh that is.
// Does not own: what subscribers do with it.
// Thread rule: subscribe() before start(); the rest from any thread. One thread of its own polls.
#pragma once
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "changes/outbox.h"
#include "core/metrics.h"

namespace changes {

// Told of a change; absent means: anything may have changed.
using Subscriber = std::function<void(const std::optional<Change>&)>;
// storage::Database::data_version(): polls are free while it stands still.
using DataVersion = std::function<std::optional<int64_t>()>;

class Feed final : public Outbox {
 public:
  Feed(core::Transactor& transactor, Store& store, const core::Clock& clock, DataVersion data_version,
       core::Metrics& metrics)
      : transactor_(transactor),
        store_(store),
        clock_(clock),
        data_version_(std::move(data_version)),
        effective_(metrics.histogram("usher_change_seconds", "From announcing a change until this process obeys it.")) {
  }
  ~Feed() override { stop(); }

  void subscribe(Subscriber subscriber) { subscribers_.push_back(std::move(subscriber)); }
  core::Result<> announce(core::Tx& tx, const Change& change) override;

  // Begins at the changes committed so far and polls from then on.
  core::Result<> start();
  void stop();
  // One poll, as the thread does it.
  core::Result<> poll();

  // Whether what was told until now can be trusted by a request whose bytes had arrived at `received` (Clock::boot()):
  // the last completed poll was sent less than `trust` before.
  bool fresh(core::Millis received) const {
    return received.count() - last_sent_.load(std::memory_order_acquire) < trust.count();
  }
  core::Millis age(core::Millis now) const { return core::Millis(now.count() - last_sent_.load()); }

  static constexpr core::Millis interval{200}, trust{1000};

 private:
  void run();
  void tell(const std::optional<Change>& change);

  core::Transactor& transactor_;
  Store& store_;
  const core::Clock& clock_;
  DataVersion data_version_;
  core::Histogram& effective_;
  std::vector<Subscriber> subscribers_;

  std::atomic<int64_t> last_sent_{-1'000'000};
  std::mutex poll_mutex_;  // guards the three below
  Cursor cursor_;
  std::optional<int64_t> seen_version_;
  std::set<int64_t> seen_;  // told already, above cursor_.txid

  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace changes
