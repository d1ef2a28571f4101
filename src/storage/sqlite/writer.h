// Owns: the one connection that writes, its thread, and the commit that many waiting transactions share.
// Does not own: reads (readers.h).
// Thread rule: perform() from any thread but the writer's own, that is, never inside of a transaction.
#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "storage/sqlite/settlement.h"
#include "storage/sqlite/transaction.h"

namespace storage::sqlite {

class Writer {
 public:
  // At most `batch` transactions share a commit.
  Writer(std::unique_ptr<Connection> connection, size_t batch);
  ~Writer();

  // Returns after the commit that holds `work` is durable, or failed, or `work` refused and all else is durable.
  core::Result<> perform(const Work& work);

 private:
  // One waiting transaction; lives on its caller's stack.
  struct Unit {
    const Work& work;
    core::Result<> outcome = {};
    Hooks hooks = {};
    Settlement settlement = {};
  };
  using Batch = std::span<Unit* const>;

  void loop();
  void commit(Batch batch);
  core::Result<> run_all(Batch batch);
  core::Result<> run_one(Unit& unit);
  void fail_waiting(const core::Error& error);
  static void fail(Batch batch, const core::Error& error);

  std::unique_ptr<Connection> connection_;
  const size_t batch_size_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Unit*> waiting_;
  bool idle_ = false, stopping_ = false;
  std::thread thread_;
};

}  // namespace storage::sqlite
