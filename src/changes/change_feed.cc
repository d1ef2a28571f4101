#include "changes/change_feed.h"

#include "core/log.h"

namespace changes {

core::Result<> Feed::announce(core::Tx& tx, const Change& change) {
  TRY(store_.append(tx, change));
  tx.after_commit([this, change, began = std::chrono::steady_clock::now()] {
    tell(change);
    effective_.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  });
  return {};
}

core::Result<> Feed::start() {
  const core::Millis sent = clock_.boot();
  cursor_ = TRY(transactor_.reading([&](core::Tx& tx) { return store_.head(tx); }));
  last_sent_ = sent.count();
  thread_ = std::thread([this] { run(); });
  return {};
}

void Feed::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_all();
  if (thread_.joinable()) thread_.join();
}

core::Result<> Feed::poll() {
  const std::lock_guard polling(poll_mutex_);
  const core::Millis sent = clock_.boot();
  const auto version = data_version_();
  if (!version || version != seen_version_) {
    auto batch = TRY(transactor_.reading([&](core::Tx& tx) { return store_.list(tx, cursor_); }));
    if (batch.gap) tell(std::nullopt);
    std::set<int64_t> in_batch;
    for (const auto& [seq, change] : batch.changes) {
      in_batch.insert(seq);
      if (!seen_.contains(seq)) tell(change);
    }
    seen_ = std::move(in_batch);
    cursor_ = batch.next;
    seen_version_ = version;
  }
  last_sent_.store(sent.count(), std::memory_order_release);
  return {};
}

void Feed::run() {
  std::unique_lock lock(mutex_);
  bool failing = false;
  while (!stopped_.wait_for(lock, interval, [&] { return stopping_; })) {
    lock.unlock();
    const auto polled = poll();
    if (!polled && !failing) core::log(core::Level::error, "changes cannot be read", {{"cause", polled.error().cause}});
    if (polled && failing) core::log(core::Level::info, "changes can be read again");
    failing = !polled;
    lock.lock();
  }
}

void Feed::tell(const std::optional<Change>& change) {
  for (const auto& subscriber : subscribers_) subscriber(change);
}

}  // namespace changes
