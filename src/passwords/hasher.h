// Owns: the hash lane: the few threads that pay for argon2id and imported hashes, below the priority of all else.
// Does not own: what a password must be (policy.h), where hashes are kept (accounts/).
// Thread rule: any worker thread, never an I/O thread: the caller waits for its turn. Nobody calls once the destructor
// has begun; stop() is for sending home those who wait.
#pragma once
#include <condition_variable>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/metrics.h"
#include "crypto/foreign_hash.h"
#include "crypto/password_hash.h"

namespace passwords {

class Hasher {
 public:
  struct Options {
    crypto::Argon2Cost cost;
    size_t threads = 0;  // 0: one for each core; each holds its own `cost.memory_kib` while it hashes
    size_t queue = 32;   // how many may wait
  };
  // Adds usher_password_hash_seconds and usher_password_hash_queue to `metrics`, which outlives the Hasher's threads
  // and is not rendered after them. `internal` when the cost cannot be paid.
  static core::Result<std::unique_ptr<Hasher>> create(const Options& options, core::Metrics& metrics);
  ~Hasher();

  // Errors of the three: `overloaded` when the queue is full or the lane stops.
  core::Result<std::string> hash(crypto::Secret password);
  // `stored` is of any kind that crypto/foreign_hash.h reads; nothing is the password of an empty one.
  core::Result<bool> verify(std::string stored, crypto::Secret password);
  // For an account that does not exist: costs what verify() costs, and is false.
  core::Result<bool> verify_nothing(crypto::Secret password);

  // Whether `phc` is of another kind or cost than new hashes.
  bool needs_rehash(std::string_view phc) const { return crypto::needs_rehash(phc, options_.cost); }

  // What runs is finished, what waits is answered `overloaded`, as is every later call.
  void stop();

 private:
  using Job = std::packaged_task<void(bool run)>;

  Hasher(const Options& options, std::string nobody, core::Metrics& metrics);
  template <class T, class F>
  core::Result<T> run(F work);
  bool enqueue(Job job);
  size_t waiting();
  bool compare(std::string_view stored, const crypto::Secret& password) const;
  void serve();

  const Options options_;
  const std::string nobody_;  // a hash that no password has
  core::Histogram& seconds_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> queue_;
  bool stopping_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace passwords
