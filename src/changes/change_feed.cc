#include "changes/change_feed.h"

#include <algorithm>

#include "core/log.h"

namespace changes {
namespace {

// The changes that one transaction announces.
struct Announced {
  std::vector<Change> changes;
  std::vector<int64_t> rows;
};

// A process that does not poll remembers no more than a poll could compare.
constexpr size_t most_own = 10'000;
// How many changes a process that starts learns of; more than are listed at once would be a gap.
constexpr int64_t most_looked_back = 5000;

}  // namespace

Feed::Feed(core::Transactor& transactor, Store& store, const core::Clock& clock, DataVersion data_version,
           core::Metrics& metrics, Others others)
    : transactor_(transactor),
      store_(store),
      clock_(clock),
      data_version_(std::move(data_version)),
      others_(others),
      effective_(metrics.histogram("usher_change_seconds",
                                   "From announcing a change until every process obeys it or has polled.")),
      published_(metrics.counter("usher_changes_published_total", "Transactions whose changes went to the stream.",
                                 "outcome=\"ok\"")),
      not_published_(metrics.counter("usher_changes_published_total", "Transactions whose changes went to the stream.",
                                     "outcome=\"failed\"")),
      stream_gaps_(metrics.counter("usher_stream_gaps_total", "How often entries of the stream were missing.")),
      distrusted_(metrics.counter("usher_distrust_total",
                                  "How often memory could not be trusted any more, until a poll ended that.")) {}

core::Result<> Feed::announce(core::Tx& tx, const Change& change) {
  const int64_t row = TRY(store_.append(tx, change));
  const auto announced = tx.own<Announced>();
  announced->rows.push_back(row);
  if (announced->changes.empty()) {
    tx.when_committed([this, announced] { note(announced->rows); });
    tx.after_commit([this, announced, began = std::chrono::steady_clock::now()] {
      for (const Change& one : announced->changes) tell_early(one);
      spread(announced->changes);
      effective_.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
    });
  }
  if (std::ranges::find(announced->changes, change) == announced->changes.end()) announced->changes.push_back(change);
  return {};
}

void Feed::note(std::span<const int64_t> own) {
  const std::lock_guard lock(own_mutex_);
  for (const int64_t row : own)
    if (own_.size() < most_own) own_.push_back(row);
}

core::Result<Batch> Feed::read() {
  std::unique_lock lock(own_mutex_);
  const auto own = own_;
  lock.unlock();
  auto batch = TRY(transactor_.reading([&](core::Tx& tx) -> core::Result<Batch> {
    Batch listed = TRY(store_.list(tx, cursor_));
    if (!listed.gap && TRY(lacks(tx, listed, own))) listed.gap = listed.went_back = true;
    return listed;
  }));
  lock.lock();
  own_.erase(own_.begin(), own_.begin() + std::ssize(own));
  return batch;
}

// What was committed here since the last poll comes with this one, or came with the last when it was noted late.
core::Result<bool> Feed::lacks(core::Tx& tx, const Batch& batch, std::span<const int64_t> own) {
  std::set<int64_t> listed;
  for (const Row& row : batch.changes) listed.insert(row.seq);
  for (const int64_t row : own)
    if (!listed.contains(row) && !TRY(store_.holds(tx, row))) return true;
  return false;
}

// Returns when every other node obeys, as far as it can be told.
void Feed::spread(std::span<const Change> changes) {
  if (others_.stream) {
    const bool took = others_.stream->publish(changes).has_value();
    (took ? published_ : not_published_).add();
    if (took) return;
  }
  if (others_.any) std::this_thread::sleep_for(interval + interval / 4);
}

core::Result<> Feed::start() {
  const core::Millis sent = clock_.boot();
  cursor_ = TRY(transactor_.reading([&](core::Tx& tx) { return look_back(tx); }));
  recent_.polled(sent, cursor_);
  last_sent_ = sent.count();
  threads_.emplace_back([this] { run(&Feed::poll, interval, "changes cannot be read"); });
  if (others_.stream)
    threads_.emplace_back([this] { run(&Feed::follow, core::Millis(0), "the stream of changes cannot be followed"); });
  return {};
}

// The head; and what led there, so that copies that were made before this process began can be judged.
core::Result<Cursor> Feed::look_back(core::Tx& tx) {
  const Cursor head = TRY(store_.head(tx));
  const auto floor = others_.stream ? TRY(store_.back(tx, most_looked_back)) : std::nullopt;
  if (!floor) return head;
  const auto batch = TRY(store_.list(tx, *floor));
  if (batch.gap) return head;
  recent_.begin(*floor);
  for (const Row& row : batch.changes) recent_.add(row);
  return head;
}

void Feed::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

core::Result<> Feed::poll() {
  const std::lock_guard polling(poll_mutex_);
  const core::Millis sent = clock_.boot();
  const auto version = data_version_();
  if (!version || version != seen_version_) {
    apply(TRY(read()));
    recent_.polled(sent, cursor_);
    seen_version_ = version;
  }
  if (!fresh(clock_.boot())) distrusted_.add();
  last_sent_.store(sent.count(), std::memory_order_release);
  return {};
}

void Feed::apply(const Batch& batch) {
  if (batch.gap) {
    recent_.forget();
    tell(std::nullopt);
  } else if (others_.stream) {
    recent_.begin(cursor_);
  }
  if (batch.went_back)
    for (const auto& told : went_back_) told();
  std::set<int64_t> in_batch;
  for (const Row& row : batch.changes) {
    in_batch.insert(row.seq);
    if (others_.stream) recent_.add(row);
    if (!seen_.contains(row.seq)) tell(row.change);
  }
  seen_ = std::move(in_batch);
  cursor_ = batch.next;
}

core::Result<> Feed::follow() {
  if (!position_) TRY(join());
  (void)others_.stream->publish({});  // when it fails, so does the read
  const core::Millis sent = clock_.boot();
  const auto entries = others_.stream->read(*position_);
  if (!entries) {
    position_.reset();
    stream_sent_ = long_ago;
    return std::unexpected(entries.error());
  }
  for (const StreamEntry& entry : *entries) apply(entry);
  // Nothing at all is no proof: a stream that died silently looks like that. One that is longer has more to say.
  const bool complete = !entries->empty() && entries->size() < Stream::most;
  if (complete && last_sent_.load(std::memory_order_acquire) > joined_.count())
    stream_sent_.store(sent.count(), std::memory_order_release);
  return {};
}

core::Result<> Feed::join() {
  position_ = TRY(others_.stream->join());
  joined_ = clock_.boot();
  return {};
}

void Feed::apply(const StreamEntry& entry) {
  // Without a mark before it nobody can tell what else there was.
  if (!position_->last || !follows(position_->last, entry.mark)) {
    stream_gaps_.add();
    stream_sent_ = long_ago;
    joined_ = clock_.boot();
  }
  *position_ = {entry.id, entry.mark};
  if (entry.unknown) {
    recent_.forget();
    tell(std::nullopt);
  }
  for (const Change& change : entry.changes) tell_early(change);
}

// What fails is tried again at random times, so that all nodes do not fall on a server that came back at once.
void Feed::run(core::Result<> (Feed::*step)(), core::Millis pause, std::string_view what) {
  std::unique_lock lock(mutex_);
  bool failing = false;
  const auto rest = [&] { return failing ? interval + core::Millis(random_.below(interval.count())) : pause; };
  while (!stopped_.wait_for(lock, rest(), [&] { return stopping_; })) {
    lock.unlock();
    const auto done = (this->*step)();
    if (!done && !failing) core::log(core::Level::error, what, {{"cause", done.error().cause}});
    if (done && failing) core::log(core::Level::info, "it can again", {{"what", what}});
    failing = !done;
    lock.lock();
  }
}

// Before a poll brings its row.
void Feed::tell_early(const Change& change) {
  if (others_.stream) recent_.mention(change, clock_.boot());
  tell(change);
}

void Feed::tell(const std::optional<Change>& change) {
  for (const auto& subscriber : subscribers_) subscriber(change);
}

}  // namespace changes
