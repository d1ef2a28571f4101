// Seen by hand: redis-cli --scan --pattern 'usher:{limits}:*', and PTTL of a key: when its bucket is full again.
#include "limits/redis_counters.h"

#include <condition_variable>
#include <thread>

#include "cache/master.h"
#include "core/log.h"
#include "crypto/random.h"

namespace limits {
namespace {

using core::Millis, core::Result;

// All in one hash slot, so that one connection reaches them in a cluster, too.
constexpr std::string_view prefix = "usher:{limits}:";
constexpr Millis call_limit{100}, connect_limit{1000};
constexpr uint32_t rest_at_least = 500, rest_jitter = 500;  // ms

// limits::take() by Redis' clock. Numbers of this size lose digits in Lua's own notation. A clock that went back, as by
// a fail-over, must not leave a bucket empty for longer than a window.
constexpr std::string_view take_script = R"lua(
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local each, room = tonumber(ARGV[1]), tonumber(ARGV[2])
local stored = math.min(tonumber(redis.call('GET', KEYS[1]) or '0'), now + room)
local full = math.max(stored, now) + each
if full - now > room then return {0, full - each - now} end
redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000))
return {1, full - now}
)lua";

class RedisCounters final : public Counters {
 public:
  RedisCounters(cache::Address address, std::string ca_file)
      : address_(std::move(address)), ca_file_(std::move(ca_file)), thread_([this] { keep_connected(); }) {}

  ~RedisCounters() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    lost_.notify_all();
    thread_.join();
  }

  Result<Taken> take(std::string_view key, const BucketRule& rule) override {
    const std::unique_lock lock(mutex_, call_limit);
    if (!lock) return core::fail_because(core::Code::store_unavailable, "Redis is slow");
    if (!connection_) return core::fail_because(core::Code::store_unavailable, "Redis is not connected");
    const std::string name = std::string(prefix).append(key);
    const auto reply = connection_->call({"EVAL", take_script, "1", name, std::to_string(rule.each().count()),
                                          std::to_string(rule.each().count() * rule.size)},
                                         call_limit);
    if (reply && reply->list.size() == 2) return Taken{reply->list[0].number == 1, Micros(reply->list[1].number)};
    lose(reply ? "Redis answers something else" : reply.error().cause);
    return core::fail(core::Code::store_unavailable);
  }

 private:
  // Names may take long to look up, and servers to be found: no request waits for that.
  void keep_connected() {
    std::unique_lock<std::timed_mutex> lock(mutex_);
    while (!stopping_) {
      lock.unlock();
      auto made = cache::open_master(address_, ca_file_, {"DEL", std::string(prefix) + "probe"}, connect_limit);
      lock.lock();
      if (made) connection_ = std::move(*made);
      else lose(made.error().cause);
      lost_.wait(lock, [this] { return stopping_ || !connection_; });
      lost_.wait_for(lock, Millis(rest_at_least + random_.below(rest_jitter)), [this] { return stopping_; });
    }
  }

  // One line for each outage, also of a Redis that can be reached and refuses.
  void lose(std::string_view cause) {
    connection_ = nullptr;
    lost_.notify_all();
    const auto now = std::chrono::steady_clock::now();
    if (now > told_ + std::chrono::minutes(1))
      core::log(core::Level::warn, "requests are counted by this node alone: Redis cannot be asked",
                {{"cause", cause}});
    told_ = now;
  }

  const cache::Address address_;
  const std::string ca_file_;
  crypto::SystemRandom random_;
  std::timed_mutex mutex_;  // guards what follows
  std::condition_variable_any lost_;
  std::unique_ptr<cache::Connection> connection_;
  std::chrono::steady_clock::time_point told_ = std::chrono::steady_clock::now() - std::chrono::hours(1);
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Counters> create_redis_counters(const cache::Address& address, const cache::Config& config) {
  return std::make_unique<RedisCounters>(address, config.tls_ca);
}

}  // namespace limits
