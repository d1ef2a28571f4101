// Owns: how one thread waits for the outcome that another one decides, at the price of one futex each.
// Does not own: the outcome.
// Thread rule: one thread waits, one settles; the waiter may end the object as soon as wait() returned.
#pragma once
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace storage::sqlite {

class Settlement {
 public:
  void wait() {
    uint32_t seen = pending;
    state_.compare_exchange_strong(seen, sleeping, std::memory_order_acquire);
    while (state_.load(std::memory_order_acquire) != settled) futex(FUTEX_WAIT_PRIVATE, sleeping);
  }

  // What was written before is seen by the waiter. After the exchange only the address is used: waking at an
  // address that is gone is harmless.
  void settle() {
    if (state_.exchange(settled, std::memory_order_acq_rel) == sleeping) futex(FUTEX_WAKE_PRIVATE, 1);
  }

 private:
  static constexpr uint32_t pending = 0, sleeping = 1, settled = 2;
  void futex(int operation, uint32_t value) {
    syscall(SYS_futex, reinterpret_cast<uint32_t*>(&state_), operation, value, nullptr, nullptr, 0);
  }
  std::atomic<uint32_t> state_{pending};
};

}  // namespace storage::sqlite
