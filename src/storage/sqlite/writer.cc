#include "storage/sqlite/writer.h"

#include <algorithm>
#include <cassert>

namespace storage::sqlite {

Writer::Writer(std::unique_ptr<Connection> connection, size_t batch)
    : connection_(std::move(connection)), batch_size_(std::max<size_t>(batch, 1)), thread_([this] { loop(); }) {}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_one();
  thread_.join();
}

core::Result<> Writer::perform(const Work& work) {
  assert(std::this_thread::get_id() != thread_.get_id() && "a transaction inside of a transaction");
  Unit unit{.work = work};
  bool wake;
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(&unit);
    wake = std::exchange(idle_, false);
  }
  if (wake) arrived_.notify_one();
  unit.settlement.wait();
  for (const auto& hook : unit.hooks) hook(unit.outcome.has_value());
  return std::move(unit.outcome);
}

void Writer::loop() {
  std::vector<Unit*> batch;
  std::unique_lock lock(mutex_);
  for (;;) {
    while (waiting_.empty() && !stopping_) {
      idle_ = true;
      arrived_.wait(lock);
    }
    if (waiting_.empty()) return;
    const auto end = waiting_.begin() + static_cast<ptrdiff_t>(std::min(waiting_.size(), batch_size_));
    batch.assign(waiting_.begin(), end);
    waiting_.erase(waiting_.begin(), end);
    lock.unlock();
    commit(batch);
    for (Unit* unit : batch) unit->settlement.settle();
    lock.lock();
  }
}

// Nothing is released to any caller, refusals and reads included, before COMMIT returned OK: they may rest on
// what another transaction of the same batch wrote.
void Writer::commit(Batch batch) {
  if (auto begun = connection_->control("BEGIN IMMEDIATE"); !begun) {
    fail(batch, begun.error());
    fail_waiting(begun.error());
    return;
  }
  auto done = run_all(batch);
  if (done) {
    if (auto committed = connection_->control("COMMIT")) return;
    else done = std::unexpected(committed.error());
  } else {
    for (Unit* unit : batch) unit->hooks.clear();  // no commit was tried: nothing can have changed
  }
  if (connection_->in_transaction()) (void)connection_->control("ROLLBACK");
  fail(batch, done.error());
}

core::Result<> Writer::run_all(Batch batch) {
  for (Unit* unit : batch) TRY(run_one(*unit));
  return {};
}

// An error of this function is the end of the whole batch; a refusal of the work is in `unit` alone.
core::Result<> Writer::run_one(Unit& unit) {
  TRY(connection_->control("SAVEPOINT unit"));
  SqliteTransaction transaction(*connection_);
  unit.outcome = transaction.perform(unit.work);
  if (!connection_->in_transaction()) {
    const std::string why = unit.outcome ? "an error inside of it" : unit.outcome.error().cause;
    return core::fail_because(core::Code::store_unavailable, "SQLite rolled back after " + why);
  }
  if (unit.outcome && connection_->foreign_keys_pending()) {
    unit.outcome = core::fail_because(core::Code::conflict, "a deferred foreign key is violated");
  }
  if (!unit.outcome) TRY(connection_->control("ROLLBACK TO unit"));
  else unit.hooks = transaction.take_hooks();
  TRY(connection_->control("RELEASE unit"));
  return {};
}

// They arrived while BEGIN waited in vain for another process: none of them waits as long again.
void Writer::fail_waiting(const core::Error& error) {
  std::vector<Unit*> late;
  {
    const std::lock_guard lock(mutex_);
    late.swap(waiting_);
  }
  fail(late, error);
  for (Unit* unit : late) unit->settlement.settle();
}

void Writer::fail(Batch batch, const core::Error& error) {
  for (Unit* unit : batch) {
    unit->outcome =
        core::fail_because(core::Code::store_unavailable, "all " + std::to_string(batch.size()) +
                                                              " transactions of the commit failed: " + error.cause);
  }
}

}  // namespace storage::sqlite
