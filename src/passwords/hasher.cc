#include "passwords/hasher.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

namespace passwords {
namespace {

// Linux keeps the nice value per thread. Where it cannot be set, hashing only competes harder.
void lower_priority() { setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 19); }

}  // namespace

core::Result<std::unique_ptr<Hasher>> Hasher::create(const Options& options, core::Metrics& metrics) {
  auto nobody = TRY(crypto::create_unmatched_hash(options.cost));
  return std::unique_ptr<Hasher>(new Hasher(options, std::move(nobody), metrics));
}

Hasher::Hasher(const Options& options, std::string nobody, core::Metrics& metrics)
    : options_(options),
      nobody_(std::move(nobody)),
      seconds_(metrics.histogram("usher_password_hash_seconds", "Time of one argon2id hash, without waiting.")) {
  metrics.gauge("usher_password_hash_queue", "Hashes that wait for a thread.",
                [this] { return static_cast<double>(waiting()); });
  const size_t cores = std::max(1u, std::thread::hardware_concurrency());
  for (size_t i = 0; i < (options_.threads ? options_.threads : cores); ++i) threads_.emplace_back([this] { serve(); });
}

Hasher::~Hasher() { stop(); }

void Hasher::stop() {
  std::deque<Job> sent_home;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    sent_home.swap(queue_);
  }
  changed_.notify_all();
  for (Job& job : sent_home) job(false);
}

size_t Hasher::waiting() {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

bool Hasher::enqueue(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || queue_.size() >= options_.queue) return false;
    queue_.push_back(std::move(job));
  }
  changed_.notify_one();
  return true;
}

void Hasher::serve() {
  lower_priority();
  while (true) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    job(true);
  }
}

template <class T, class F>
core::Result<T> Hasher::run(F work) {
  core::Result<T> answer = core::fail(core::Code::overloaded);
  Job job([&](bool run) {
    if (!run) return;
    const auto start = std::chrono::steady_clock::now();
    answer = work();
    seconds_.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  });
  auto done = job.get_future();
  if (!enqueue(std::move(job))) return answer;
  done.wait();
  return answer;
}

core::Result<std::string> Hasher::hash(crypto::Secret password) {
  return run<std::string>([&] { return crypto::hash_password(password, options_.cost); });
}

core::Result<bool> Hasher::verify(std::string stored, crypto::Secret password) {
  return run<bool>([&] { return compare(stored, password); });
}

// A hash that another system made may be quick, and there may be none: a wrong password then pays for argon2id, as it
// does where there is no account.
bool Hasher::compare(std::string_view stored, const crypto::Secret& password) const {
  if (!needs_rehash(stored)) return crypto::verify_password(stored, password);
  const auto verify = crypto::read_hash(stored);
  return (verify && (*verify)(password)) || (crypto::verify_password(nobody_, password) && false);
}

core::Result<bool> Hasher::verify_nothing(crypto::Secret password) {
  return run<bool>([&] { return crypto::verify_password(nobody_, password) && false; });
}

}  // namespace passwords
