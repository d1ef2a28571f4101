// Owns: a few connections for reading and the snapshot of each transaction on them.
// Does not own: writing (writer.h).
// Thread rule: any thread; each transaction holds a connection of its own.
#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "storage/sqlite/transaction.h"

namespace storage::sqlite {

class Readers {
 public:
  Readers(SqliteOptions options, const core::Clock& clock) : options_(std::move(options)), clock_(clock) {}

  // Waits for a free connection for as long as the busy time-out says, then store_unavailable.
  core::Result<> perform(const Work& work);

 private:
  core::Result<std::unique_ptr<Connection>> borrow();
  void give_back(std::unique_ptr<Connection> connection);

  const SqliteOptions options_;
  const core::Clock& clock_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> idle_;
  size_t borrowed_ = 0;
};

}  // namespace storage::sqlite
