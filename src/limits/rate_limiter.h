// Owns: how many requests of each kind an address may make.
// Does not own: the buckets (counters.h), who the client is behind proxies (http/address.h), limits by account
// (guess_limit.h).
// Thread rule: worker threads.
#pragma once
#include <array>

#include "core/metrics.h"
#include "http/address.h"
#include "http/limiter.h"
#include "limits/counters.h"
#include "limits/limit_config.h"

namespace limits {

class RateLimiter final : public http::Limiter {
 public:
  // `shared` counts for all nodes; null where there is one node, or no Redis.
  RateLimiter(const Config& config, const core::Clock& clock, std::unique_ptr<Counters> shared, core::Metrics& metrics);
  std::optional<http::Spent> spend(http::Budget budget, std::string_view client) override;

 private:
  struct Budget {
    std::string_view name;
    int64_t size;
    bool across_nodes;
  };
  const Budget& budget_of(http::Budget budget) const { return budgets_[static_cast<size_t>(budget)]; }
  std::pair<Taken, BucketRule> take(const Budget& budget, const std::string& key);

  const bool enabled_;
  const std::array<Budget, 4> budgets_;
  std::vector<http::Network> exempt_;
  LocalCounters local_;
  std::unique_ptr<Counters> shared_;
  core::Counter& refused_;
};

}  // namespace limits
