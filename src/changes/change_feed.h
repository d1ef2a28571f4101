// Owns: hearing of every change: at once from this process, by the stream or by polling from all others; and how fresh
// that is.
// Does not own: what subscribers do with it.
// Thread rule: subscribe() and on_going_back() before start(); follow() on one thread at a time; the rest from any. One
// thread of its own polls, another follows the stream.
#pragma once
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "changes/change_stream.h"
#include "changes/outbox.h"
#include "changes/recent_changes.h"
#include "core/metrics.h"
#include "crypto/random.h"

namespace changes {

// Told of a change; absent means: anything may have changed.
using Subscriber = std::function<void(const std::optional<Change>&)>;
// Told that the database lost its last transactions; returns at once.
using WentBack = std::function<void()>;
// storage::Database::data_version(): polls are free while it stands still.
using DataVersion = std::function<std::optional<int64_t>()>;

// How a change that was committed here becomes known to other processes on the same store.
struct Others {
  Stream* stream = nullptr;  // null: by the outbox alone
  // Whether there may be any, so that a caller waits until they have polled when the stream did not take the change.
  bool any = false;
};

class Feed final : public Outbox {
 public:
  Feed(core::Transactor& transactor, Store& store, const core::Clock& clock, DataVersion data_version,
       core::Metrics& metrics, Others others = {});
  ~Feed() override { stop(); }

  void subscribe(Subscriber subscriber) { subscribers_.push_back(std::move(subscriber)); }
  // After the subscribers were told that anything may have changed.
  void on_going_back(WentBack told) { went_back_.push_back(std::move(told)); }
  core::Result<> announce(core::Tx& tx, const Change& change) override;

  // Begins at the changes committed so far, polls and follows the stream from then on.
  core::Result<> start();
  void stop();
  // One poll, as the thread does it.
  core::Result<> poll();
  // One read of the stream, or joining it, as the other thread does it.
  core::Result<> follow();

  // Whether what was told until now can be trusted by a request whose bytes had arrived at `received` (Clock::boot()):
  // the last completed poll was sent less than `trust` before; or the stream's last complete read was sent less than
  // `stream_trust` before, and the poll less than `longest_alone`.
  bool fresh(core::Millis received) const {
    const int64_t polled = received.count() - last_sent_.load(std::memory_order_acquire);
    if (polled < trust.count()) return true;
    return polled < longest_alone.count() &&
           received.count() - stream_sent_.load(std::memory_order_acquire) < stream_trust.count();
  }
  // Where polls have come to, for a copy of what is read from now on; and whether a copy may stand for what the store
  // holds, as far as this process was told. Only while the stream is followed: nobody else keeps copies.
  Cursor reached() const { return recent_.reached(); }
  bool covers(const Cursor& copied, const core::Uuid& user) const { return recent_.covers(copied, user); }
  core::Millis age(core::Millis now) const { return core::Millis(now.count() - last_sent_.load()); }
  core::Millis stream_age(core::Millis now) const { return core::Millis(now.count() - stream_sent_.load()); }

  static constexpr core::Millis interval{200}, trust{1000}, stream_trust{500}, longest_alone{30'000};

 private:
  static constexpr int64_t long_ago = -1'000'000;

  void run(core::Result<> (Feed::*step)(), core::Millis pause, std::string_view what);
  void tell(const std::optional<Change>& change);
  void tell_early(const Change& change);
  void spread(std::span<const Change> changes);
  void note(std::span<const int64_t> own);
  core::Result<Batch> read();
  core::Result<Cursor> look_back(core::Tx& tx);
  void apply(const Batch& batch);
  core::Result<bool> lacks(core::Tx& tx, const Batch& batch, std::span<const int64_t> own);
  core::Result<> join();
  void apply(const StreamEntry& entry);

  core::Transactor& transactor_;
  Store& store_;
  const core::Clock& clock_;
  DataVersion data_version_;
  const Others others_;
  core::Histogram& effective_;
  core::Counter &published_, &not_published_, &stream_gaps_, &distrusted_;
  std::vector<Subscriber> subscribers_;
  std::vector<WentBack> went_back_;

  std::atomic<int64_t> last_sent_{long_ago}, stream_sent_{long_ago};
  std::mutex poll_mutex_;  // guards the three below
  Cursor cursor_;
  std::optional<int64_t> seen_version_;
  std::set<int64_t> seen_;  // told already, above cursor_.txid
  RecentChanges recent_;

  // What a fail-over loses was committed a moment ago, and this process knows of its own before it polls.
  std::mutex own_mutex_;
  std::vector<int64_t> own_;  // announced here since the last poll

  // Of the thread that follows. What was published before `joined_` is known only once a poll was sent after it.
  std::optional<StreamPosition> position_;
  core::Millis joined_{};

  crypto::SystemRandom random_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace changes
