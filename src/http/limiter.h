// Owns: what a route draws on, and what became of it.
// Does not own: how much there is of it, and for whom (Limiter, implemented by limits/).
// Thread rule: worker threads.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/clock.h"

namespace http {

// Of which budget of its client a request takes one.
enum class Budget { none, calls, sign_ins, mails };

struct Spent {
  bool allowed = true;
  int64_t limit = 0, left = 0;
  core::Seconds full_in{};   // RateLimit-Reset
  core::Seconds retry_in{};  // of a refused one
};

class Limiter {
 public:
  virtual ~Limiter() = default;
  // Absent when this client's requests are not counted.
  virtual std::optional<Spent> spend(Budget budget, std::string_view client) = 0;
};

}  // namespace http
