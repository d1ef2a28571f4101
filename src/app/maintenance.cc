#include "app/maintenance.h"

namespace app {
namespace {

constexpr int64_t batch = 1000;
constexpr core::Seconds changes_kept = std::chrono::hours(1);

void report(std::string_view chore, const core::Result<>& done) {
  if (!done)
    core::log(core::Level::warn, "a chore could not be done", {{"chore", chore}, {"cause", done.error().cause}});
}

// Small transactions, so that nothing waits long for one; what is left is done next time.
template <class F>
core::Result<> in_batches(core::Transactor& transactor, F&& prune_some) {
  for (int i = 0; i < 200; ++i)
    if (TRY(transactor.atomically(prune_some)) < batch) break;
  return {};
}

}  // namespace

Maintenance::Maintenance(App& app) : app_(app) {
  app.metrics->gauge("usher_sessions_live", "Sessions that have not ended, counted once a minute.",
                     [this] { return static_cast<double>(live_); });
  app.metrics->gauge("usher_sessions_cached", "Sessions held in memory.",
                     [this] { return static_cast<double>(app_.near.size()); });
  app.metrics->gauge("usher_changes_age_seconds", "Since the last completed poll for changes was sent.",
                     [this] { return static_cast<double>(app_.feed.age(app_.clock.boot()).count()) / 1000; });
  if (app.stream)
    app.metrics->gauge("usher_stream_age_seconds", "Since the last complete read of the stream of changes was sent.",
                       [this] { return static_cast<double>(app_.feed.stream_age(app_.clock.boot()).count()) / 1000; });
  compare_clocks();
  thread_ = std::thread([this] { run(); });
}

Maintenance::~Maintenance() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_all();
  thread_.join();
  report("write uses", app_.checker.write_touches());
}

void Maintenance::run() {
  std::unique_lock lock(mutex_);
  core::Millis pruned = app_.clock.boot();
  lock.unlock();
  count_sessions();
  lock.lock();
  while (!stopped_.wait_for(lock, touch_interval, [&] { return stopping_; })) {
    lock.unlock();
    compare_clocks();
    report("write uses", app_.checker.write_touches());
    if (app_.clock.boot() - pruned >= prune_interval) {
      prune();
      count_sessions();
      pruned = app_.clock.boot();
    }
    lock.lock();
  }
}

void Maintenance::compare_clocks() {
  const bool before = app_.guard.skewed();
  if (const auto now = app_.database->ping()) app_.guard.compare(*now);
  if (app_.guard.skewed() != before)
    core::log(core::Level::error, before ? "the clock agrees with the database's again"
                                         : "the clock differs from the database's by over 30 s");
}

void Maintenance::count_sessions() {
  const auto count = app_.database->reading([&](core::Tx& tx) { return app_.session_rows->count_live(tx); });
  if (count) live_ = *count;
}

void Maintenance::prune() {
  const core::Time now = app_.clock.now();
  report("read keys", app_.keys.reload());
  report("clear changes", in_batches(*app_.database, [&](core::Tx& tx) {
           return app_.change_rows->prune(tx, now - changes_kept, batch);
         }));
  if (app_.guard.jumped()) return;
  report("clear sessions", in_batches(*app_.database, [&](core::Tx& tx) {
           return app_.session_rows->prune(tx, now - app_.config.sessions.ended_retention, batch);
         }));
}

}  // namespace app
