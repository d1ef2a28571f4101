#include "crypto/random.h"

#include <sodium.h>

#include <cassert>
#include <cstring>

#include "crypto/base64url.h"
#include "crypto/library.h"

namespace crypto {

std::string Random::token() {
  std::array<uint8_t, 32> bytes{};
  fill(bytes);
  return base64url_encode(bytes);
}

uint32_t Random::below(uint32_t bound) {
  assert(bound > 0);
  // 2^32 mod bound: draws under it would make the low results more frequent.
  const uint32_t refused = (0u - bound) % bound;
  for (;;) {
    uint32_t draw;
    fill({reinterpret_cast<uint8_t*>(&draw), sizeof draw});
    if (draw >= refused) return draw % bound;
  }
}

core::Time time_of(const core::Uuid& id) {
  int64_t millis = 0;
  for (int i = 0; i < 6; ++i) millis = millis << 8 | id.bytes[i];
  return core::from_millis(millis);
}

core::Uuid least_uuid7(core::Time time) {
  core::Uuid id;
  const auto millis = static_cast<uint64_t>(std::max<int64_t>(0, core::to_millis(time)));
  for (int i = 0; i < 6; ++i) id.bytes[i] = static_cast<uint8_t>(millis >> (40 - 8 * i));
  return id;
}

core::Uuid Random::uuid7(core::Time now) {
  core::Uuid id = least_uuid7(now);
  fill(std::span(id.bytes).subspan(6));
  id.bytes[6] = 0x70 | (id.bytes[6] & 0x0F);
  id.bytes[8] = 0x80 | (id.bytes[8] & 0x3F);
  return id;
}

void SystemRandom::fill(std::span<uint8_t> out) {
  start_sodium();
  randombytes_buf(out.data(), out.size());
}

void SeededRandom::fill(std::span<uint8_t> out) {
  std::lock_guard lock(mutex_);
  while (!out.empty()) {
    const uint64_t word = engine_();
    const size_t size = std::min(out.size(), sizeof word);
    std::memcpy(out.data(), &word, size);
    out = out.subspan(size);
  }
}

}  // namespace crypto
