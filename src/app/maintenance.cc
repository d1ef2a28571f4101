#include "app/maintenance.h"

namespace app {
namespace {

// How long it is rested after a batch: as a multiple of what it took.
constexpr int64_t rests = 4;
// Of accounts, each of which is a dozen statements.
constexpr int64_t few = 10;
// Of events, for each batch of them leaves one.
constexpr int64_t many = 200;
constexpr core::Seconds changes_kept = std::chrono::hours(1);

void report(std::string_view chore, const core::Result<>& done) {
  if (!done)
    core::log(core::Level::warn, "a chore could not be done", {{"chore", chore}, {"cause", done.error().cause}});
}

}  // namespace

Maintenance::Maintenance(App& app)
    : app_(app), notary_({*app.database, *app.seal_rows, *app.audit, app.head_key, app.clock}) {
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
  uses_ = std::thread([this] {
    every(touch_interval, [this] {
      compare_clocks();
      write_uses();
    });
  });
  sealing_ = std::thread([this] { every(seal_interval, [this] { seal(); }); });
  clearing_ = std::thread([this] {
    count_sessions();
    every(prune_interval, [this] {
      prune();
      count_sessions();
    });
  });
}

Maintenance::~Maintenance() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_all();
  uses_.join();
  clearing_.join();
  sealing_.join();
  write_uses();
}

template <class F>
void Maintenance::every(core::Millis interval, F&& chore) {
  while (wait(interval)) chore();
}

bool Maintenance::wait(core::Millis time) {
  std::unique_lock lock(mutex_);
  return !stopped_.wait_for(lock, time, [&] { return stopping_; });
}

// Small transactions and rests between them, so that nothing waits long for one and requests keep their pace. What is
// left after a minute is left for the next time, for other chores wait.
template <class F>
core::Result<> Maintenance::in_batches(F&& prune_some, int64_t size) {
  for (const core::Millis end = app_.clock.boot() + prune_interval; app_.clock.boot() < end;) {
    const auto began = std::chrono::steady_clock::now();
    if (TRY(app_.database->atomically(prune_some)) < size) return {};
    const auto took = std::chrono::steady_clock::now() - began;
    if (!wait(std::chrono::ceil<core::Millis>(rests * took))) break;
  }
  return {};
}

void Maintenance::write_uses() { report("write uses", app_.checker.write_touches()); }

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

// Until all is sealed. Another node may have been faster, which is as well.
void Maintenance::seal() {
  core::Result<bool> more = true;
  while (more && *more && wait(core::Millis(0))) more = notary_.seal();
  if (!more && more.error().code != core::Code::conflict) report("seal events", std::unexpected(more.error()));
}

void Maintenance::prune() {
  const core::Time now = app_.clock.now();
  report("read keys", app_.keys.reload());
  report("clear changes",
         in_batches([&](core::Tx& tx) { return app_.change_rows->prune(tx, now - changes_kept, batch); }));
  if (app_.guard.jumped()) return;
  report("clear guesses", in_batches([&](core::Tx& tx) { return app_.guesses.prune(tx, batch); }));
  report("clear sign-ins", in_batches([&](core::Tx& tx) { return app_.challenges.prune(tx, batch); }));
  report("clear familiar devices", in_batches([&](core::Tx& tx) { return app_.watch.prune(tx, batch); }));
  report("clear notices of sign-ins", in_batches([&](core::Tx& tx) { return app_.not_me.prune(tx, batch); }));
  report("clear approvals", in_batches([&](core::Tx& tx) { return app_.approvals.prune(tx, batch); }));
  report("clear changes of addresses", in_batches([&](core::Tx& tx) { return app_.email_change.prune(tx, batch); }));
  report("clear invitations", in_batches([&](core::Tx& tx) { return app_.invitations.prune(tx, batch); }));
  report("delete accounts", in_batches([&](core::Tx& tx) { return app_.deletion.purge(tx, few); }, few));
  report("clear passkey challenges", in_batches([&](core::Tx& tx) { return app_.passkeys.prune(tx, batch); }));
  report("clear sessions", in_batches([&](core::Tx& tx) {
           return app_.session_rows->prune(tx, now - app_.config.sessions.ended_retention, batch);
         }));
  if (app_.config.audit.retention > core::Seconds(0))
    report("clear events",
           in_batches([&](core::Tx& tx) { return notary_.prune(tx, now - app_.config.audit.retention, many); }, many));
}

}  // namespace app
