// Seen by hand: redis-cli --scan --pattern 'usher:{limits}:*', and PTTL of a key: when its bucket is full again.
#include "limits/redis_counters.h"

#include "cache/kept_connection.h"

namespace limits {
namespace {

using core::Millis, core::Result;

// All in one hash slot, so that one connection reaches them in a cluster, too.
constexpr std::string_view prefix = "usher:{limits}:";
constexpr Millis call_limit{100};

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
  RedisCounters(const cache::Address& address, const std::string& ca_file)
      : kept_(address, ca_file, std::string(prefix) + "probe",
              "requests are counted by this node alone: Redis cannot be asked") {}

  Result<Taken> take(std::string_view key, const BucketRule& rule) override {
    const std::string name = std::string(prefix).append(key), each = std::to_string(rule.each().count()),
                      room = std::to_string(rule.each().count() * rule.size);
    const std::string_view words[] = {"EVAL", take_script, "1", name, each, room};
    const auto reply = TRY(kept_.call(words, call_limit, [](const cache::Reply& r) { return r.list.size() == 2; }));
    return Taken{reply.list[0].number == 1, Micros(reply.list[1].number)};
  }

 private:
  cache::KeptConnection kept_;
};

}  // namespace

std::unique_ptr<Counters> create_redis_counters(const cache::Address& address, const cache::Config& config) {
  return std::make_unique<RedisCounters>(address, config.tls_ca);
}

}  // namespace limits
