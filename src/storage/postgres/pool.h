// Owns: the connections to one server: how many, and who has which.
// Does not own: what is done with them.
// Thread rule: any thread.
#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "storage/postgres/connection.h"

namespace storage::postgres {

enum class Freshness {
  any,
  fresh,  // a new connection, and the idle ones are closed: they are likely dead too
};

class Pool {
 public:
  explicit Pool(PostgresOptions options) : options_(std::move(options)) {}

  // Returned to the pool when it ends; closed instead when it is not usable.
  class Lease {
   public:
    Lease(Pool& pool, std::unique_ptr<Connection> connection) : pool_(&pool), connection_(std::move(connection)) {}
    Lease(Lease&&) = default;
    ~Lease() {
      if (connection_) pool_->give_back(std::move(connection_));
    }
    Connection& operator*() const { return *connection_; }
    Connection* operator->() const { return connection_.get(); }

   private:
    Pool* pool_;
    std::unique_ptr<Connection> connection_;
  };

  // store_unavailable when none is free in time or the server cannot be reached. After a failure to connect, the
  // others fail at once for a moment, or until somebody has connected, rather than queueing at a dead server.
  core::Result<Lease> borrow(Freshness freshness);

 private:
  core::Result<std::unique_ptr<Connection>> connect();
  void give_back(std::unique_ptr<Connection> connection);

  const PostgresOptions options_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> idle_;
  size_t borrowed_ = 0;
  core::Error last_failure_{};
  std::chrono::steady_clock::time_point fail_until_{}, connected_{};
};

}  // namespace storage::postgres
