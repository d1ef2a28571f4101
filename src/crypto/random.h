// Owns: unpredictable bytes and new ids.
// Does not own: the kernel's generator (getrandom through libsodium).
// Thread rule: every Random is safe to call from any thread.
#pragma once
#include <cstdint>
#include <mutex>
#include <random>
#include <span>
#include <string>

#include "core/clock.h"
#include "core/id.h"

namespace crypto {

// The time of a UUIDv7, and the least one of a time (RFC 9562 section 5.7).
core::Time time_of(const core::Uuid& id);
core::Uuid least_uuid7(core::Time time);

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<uint8_t> out) = 0;
  // 43 characters of base64url: 256 bits that nobody guesses.
  std::string token();
  // Uniform in [0, bound), without modulo bias.
  uint32_t below(uint32_t bound);
  // UUIDv7 (RFC 9562 section 5.7): the milliseconds of `now`, then 74 random bits.
  core::Uuid uuid7(core::Time now);
  template <class Id>
  Id id(core::Time now) {
    return Id{uuid7(now)};
  }
};

// The operating system's CSPRNG.
class SystemRandom final : public Random {
 public:
  void fill(std::span<uint8_t> out) override;
};

// Predictable, for tests only.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : engine_(seed) {}
  void fill(std::span<uint8_t> out) override;

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

}  // namespace crypto
