#include "cache/kept_connection.h"

#include "core/log.h"

namespace cache {
namespace {

using core::Millis;

constexpr Millis connect_limit{1000};
std::chrono::steady_clock::time_point long_ago() { return std::chrono::steady_clock::now() - std::chrono::hours(1); }

constexpr uint32_t rest_at_least = 500, rest_jitter = 500;  // ms

}  // namespace

KeptConnection::KeptConnection(Address address, std::string ca_file, std::string probe, std::string lost)
    : address_(std::move(address)),
      ca_file_(std::move(ca_file)),
      probe_(std::move(probe)),
      lost_words_(std::move(lost)),
      told_(long_ago()),
      thread_([this] { keep_connected(); }) {}

KeptConnection::~KeptConnection() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  lost_.notify_all();
  thread_.join();
}

core::Result<Reply> KeptConnection::call(std::span<const std::string_view> words, Millis limit, const Fits& fits) {
  const std::unique_lock lock(mutex_, limit);
  if (!lock) return core::fail_because(core::Code::store_unavailable, "Redis is slow");
  if (!connection_) return core::fail_because(core::Code::store_unavailable, "Redis is not connected");
  auto reply = connection_->call(words, limit);
  if (reply && fits(*reply)) {
    tell_recovery();
    return reply;
  }
  lose(reply ? "Redis answers something else" : reply.error().cause);
  return core::fail(core::Code::store_unavailable);
}

// Names may take long to look up, and servers to be found: no request waits for that.
void KeptConnection::keep_connected() {
  std::unique_lock<std::timed_mutex> lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    auto made = open_master(address_, ca_file_, {"DEL", probe_}, connect_limit);
    lock.lock();
    if (made) connection_ = std::move(*made);
    else lose(made.error().cause);
    lost_.wait(lock, [this] { return stopping_ || !connection_; });
    lost_.wait_for(lock, Millis(rest_at_least + random_.below(rest_jitter)), [this] { return stopping_; });
  }
}

// Once it has answered as it should: a connection alone does not make that sure.
void KeptConnection::tell_recovery() {
  if (!std::exchange(outage_told_, false)) return;
  core::log(core::Level::info, "Redis can be asked again", {{"outage", lost_words_}});
  told_ = long_ago();
}

// One line for each outage, also of a Redis that can be reached and refuses.
void KeptConnection::lose(std::string_view cause) {
  connection_ = nullptr;
  lost_.notify_all();
  const auto now = std::chrono::steady_clock::now();
  if (now > told_ + std::chrono::minutes(1)) {
    core::log(core::Level::warn, lost_words_, {{"cause", cause}});
    outage_told_ = true;
  }
  told_ = now;
}

}  // namespace cache
