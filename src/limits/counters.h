// Owns: the buckets of many keys.
// Does not own: who is counted by which rule (rate_limiter.h).
// Thread rule: any worker thread.
#pragma once
#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "core/result.h"
#include "limits/bucket.h"

namespace limits {

class Counters {
 public:
  virtual ~Counters() = default;
  // Takes one out of the key's bucket, if there is one. store_unavailable when the counters cannot be asked now.
  virtual core::Result<Taken> take(std::string_view key, const BucketRule& rule) = 0;
};

// In this process; always answers. About `most` keys are known while none is full again: further ones share the bucket
// of what stands before their ':'.
class LocalCounters final : public Counters {
 public:
  explicit LocalCounters(const core::Clock& clock, size_t most = 200'000)
      : clock_(clock), most_(most / shards_.size()) {}
  core::Result<Taken> take(std::string_view key, const BucketRule& rule) override;

 private:
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, Micros> full_at;
    Micros swept{};
  };
  const core::Clock& clock_;
  std::array<Shard, 16> shards_;
  const size_t most_;
};

}  // namespace limits
