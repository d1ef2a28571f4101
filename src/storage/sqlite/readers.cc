#include "storage/sqlite/readers.h"

namespace storage::sqlite {

core::Result<std::unique_ptr<Connection>> Readers::borrow() {
  std::unique_lock lock(mutex_);
  const bool free = returned_.wait_for(lock, options_.busy_timeout, [&] { return borrowed_ < options_.readers; });
  if (!free) return core::fail_because(core::Code::store_unavailable, "all readers of the database are busy");
  ++borrowed_;
  if (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
  }
  lock.unlock();
  auto opened = Connection::open(options_, Access::read, clock_);
  if (!opened) give_back(nullptr);
  return opened;
}

void Readers::give_back(std::unique_ptr<Connection> connection) {
  {
    const std::lock_guard lock(mutex_);
    --borrowed_;
    if (connection) idle_.push_back(std::move(connection));
  }
  returned_.notify_one();
}

core::Result<> Readers::perform(const Work& work) {
  auto connection = TRY(borrow());
  core::Result<> outcome;
  Hooks hooks;
  if (auto begun = connection->control("BEGIN"); !begun) {
    outcome = std::unexpected(begun.error());
  } else {
    SqliteTransaction transaction(*connection);
    outcome = transaction.perform(work);
    hooks = transaction.take_hooks();
    if (connection->in_transaction())
      (void)connection->control("ROLLBACK");  // the end of a snapshot; nothing was written
  }
  const bool clean = !connection->in_transaction();
  give_back(clean ? std::move(connection) : nullptr);
  if (outcome) {
    for (const auto& hook : hooks) hook(true);
  }
  return outcome;
}

}  // namespace storage::sqlite
