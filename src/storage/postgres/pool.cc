#include "storage/postgres/pool.h"

namespace storage::postgres {
namespace {

constexpr std::chrono::milliseconds rest_after_failure{200};

}  // namespace

core::Result<Pool::Lease> Pool::borrow(Freshness freshness) {
  std::vector<std::unique_ptr<Connection>> closed;  // after the lock
  {
    std::unique_lock lock(mutex_);
    const bool free =
        returned_.wait_for(lock, options_.checkout_timeout, [&] { return borrowed_ < options_.connections; });
    if (!free) {
      return core::fail_because(core::Code::store_unavailable,
                                "all " + std::to_string(options_.connections) + " connections to PostgreSQL are busy");
    }
    ++borrowed_;
    if (freshness == Freshness::fresh) closed.swap(idle_);
    while (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      if (!connection->gone_while_idle()) return Lease(*this, std::move(connection));
      closed.push_back(std::move(connection));
    }
  }
  auto connection = connect();
  if (connection) return Lease(*this, std::move(*connection));
  give_back(nullptr);
  return std::unexpected(std::move(connection).error());
}

core::Result<std::unique_ptr<Connection>> Pool::connect() {
  const auto began = std::chrono::steady_clock::now();
  {
    const std::lock_guard lock(mutex_);
    if (began < fail_until_) return std::unexpected(last_failure_);
  }
  auto connection = Connection::open(options_);
  const std::lock_guard lock(mutex_);
  if (connection) {
    connected_ = std::chrono::steady_clock::now();
    fail_until_ = {};
  } else if (connected_ < began) {  // else the server has come back since
    last_failure_ = connection.error();
    fail_until_ = std::chrono::steady_clock::now() + rest_after_failure;
  }
  return connection;
}

void Pool::give_back(std::unique_ptr<Connection> connection) {
  {
    const std::lock_guard lock(mutex_);
    --borrowed_;
    if (connection && connection->usable() && !connection->worn_out()) idle_.push_back(std::move(connection));
  }
  returned_.notify_one();
}

}  // namespace storage::postgres
