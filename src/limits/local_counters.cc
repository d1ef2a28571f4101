#include "limits/counters.h"

namespace limits {
namespace {

constexpr Micros between_sweeps = std::chrono::seconds(1);

}  // namespace

core::Result<Taken> LocalCounters::take(std::string_view key, const BucketRule& rule) {
  Shard& shard = shards_[std::hash<std::string_view>{}(key) % shards_.size()];
  const Micros now = clock_.boot();
  const std::lock_guard lock(shard.mutex);
  auto& all = shard.full_at;
  if (all.size() >= most_ && now >= shard.swept + between_sweeps) {
    std::erase_if(all, [&](const auto& one) { return one.second <= now; });
    shard.swept = now;
  }
  std::string name(key);
  if (all.size() >= most_ && !all.contains(name)) name.resize(std::min(name.find(':'), name.size()));
  return limits::take(all[std::move(name)], now, rule);
}

}  // namespace limits
