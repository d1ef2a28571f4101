// Seen by hand: redis-cli --scan --pattern 'usher:{limits}:*', and PTTL of a key: when its bucket is full again.
#include "limits/redis_counters.h"

#include "cache/master.h"
#include "core/log.h"
#include "crypto/random.h"

namespace limits {
namespace {

using core::Millis, core::Result;
using Steady = std::chrono::steady_clock;

// All in one hash slot, so that one connection reaches them in a cluster, too.
constexpr std::string_view prefix = "usher:{limits}:";
constexpr Millis call_limit{100}, connect_limit{250};
constexpr uint32_t rest_at_least = 1000, rest_jitter = 1000;  // ms

// limits::take() by Redis' clock. Numbers of this size lose digits in Lua's own notation.
constexpr std::string_view take_script = R"lua(
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local each, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now) + each
if full - now > window then return {0, full - each - now} end
redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000))
return {1, full - now}
)lua";

class RedisCounters final : public Counters {
 public:
  RedisCounters(cache::Address address, std::string ca_file)
      : address_(std::move(address)), ca_file_(std::move(ca_file)) {}

  Result<Taken> take(std::string_view key, const BucketRule& rule) override {
    // Whoever waits for a connection that is being made would wait for nothing if it fails.
    const std::unique_lock lock(mutex_, call_limit);
    if (!lock) return core::fail_because(core::Code::store_unavailable, "Redis is slow");
    TRY(connect());
    const std::string name = std::string(prefix).append(key);
    const auto reply = connection_->call(
        {"EVAL", take_script, "1", name, std::to_string(rule.each().count()), std::to_string(rule.window.count())},
        call_limit);
    if (!reply) return rest(reply.error());
    if (reply->list.size() != 2) return rest({core::Code::store_unavailable});
    return Taken{reply->list[0].number == 1, Micros(reply->list[1].number)};
  }

 private:
  Result<> connect() {
    if (connection_) return {};
    if (Steady::now() < next_) return core::fail_because(core::Code::store_unavailable, "Redis is not connected");
    auto made = cache::open_master(address_, ca_file_, {"DEL", std::string(prefix) + "probe"}, connect_limit);
    if (!made) return rest(made.error());
    connection_ = std::move(*made);
    return {};
  }

  std::unexpected<core::Error> rest(core::Error error) {
    if (connection_)
      core::log(core::Level::warn, "requests are counted by this node alone: Redis cannot be asked",
                {{"cause", error.cause}});
    connection_ = nullptr;
    next_ = Steady::now() + Millis(rest_at_least + random_.below(rest_jitter));
    return std::unexpected(std::move(error));
  }

  const cache::Address address_;
  const std::string ca_file_;
  crypto::SystemRandom random_;
  std::timed_mutex mutex_;  // guards what follows
  std::unique_ptr<cache::Connection> connection_;
  Steady::time_point next_{};
};

}  // namespace

std::unique_ptr<Counters> create_redis_counters(const cache::Address& address, const cache::Config& config) {
  return std::make_unique<RedisCounters>(address, config.tls_ca);
}

}  // namespace limits
