#include "limits/rate_limiter.h"

#include <algorithm>

namespace limits {
namespace {

// One household or host gets a whole IPv6 /64.
std::string counted_as(const http::Address& address) {
  if (address.is_v4()) return address.str();
  http::Address network = address;
  std::fill(network.bytes.begin() + 8, network.bytes.end(), uint8_t{0});
  return network.str() + "/64";
}

core::Seconds in_seconds(Micros time) { return std::chrono::ceil<core::Seconds>(time); }

}  // namespace

RateLimiter::RateLimiter(const Config& config, const core::Clock& clock, std::unique_ptr<Counters> shared,
                         core::Metrics& metrics)
    : enabled_(config.enabled),
      budgets_{{{"none", 0, false},
                {"calls", config.calls, false},
                {"sign_ins", config.sign_ins, true},
                {"mails", config.mails, true}}},
      local_(clock),
      shared_(std::move(shared)),
      refused_(metrics.counter("usher_limited_total", "Requests that a limit refused.", "by=\"address\"")) {
  for (const auto& text : config.exempt)
    if (const auto network = http::Network::parse(text)) exempt_.push_back(*network);
}

std::optional<http::Spent> RateLimiter::spend(http::Budget which, std::string_view client) {
  const Budget& budget = budget_of(which);
  if (!enabled_ || budget.size == 0) return std::nullopt;
  const auto address = http::Address::parse(client);
  if (!address || std::ranges::any_of(exempt_, [&](const auto& network) { return network.holds(*address); }))
    return std::nullopt;
  const auto [taken, rule] = take(budget, std::string(budget.name) + ':' + counted_as(*address));
  if (!taken.allowed) refused_.add();
  return http::Spent{.allowed = taken.allowed,
                     .limit = rule.size,
                     .left = left(taken, rule),
                     .full_in = in_seconds(taken.full_in),
                     .retry_in = in_seconds(next_in(taken, rule))};
}

// A node that cannot ask how many the others let pass is stricter by itself.
std::pair<Taken, BucketRule> RateLimiter::take(const Budget& budget, const std::string& key) {
  BucketRule rule{.size = budget.size};
  if (budget.across_nodes && shared_) {
    if (const auto taken = shared_->take(key, rule)) return {*taken, rule};
    rule.size = std::max<int64_t>(1, rule.size / 2);
  }
  return {*local_.take(key, rule), rule};
}

}  // namespace limits
