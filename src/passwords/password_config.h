// Owns: the settings of passwords.
#pragma once
#include <algorithm>
#include <array>

#include "core/settings.h"
#include "crypto/password_hash.h"

namespace passwords {

struct Config {
  int64_t min_strength = 1;
  int64_t memory_kib = 19456, passes = 2;
  int64_t hash_threads = 0;
  int64_t hash_queue = 32;
  std::string breach_url;

  crypto::Argon2Cost cost() const { return {.memory_kib = memory_kib, .passes = passes}; }
};

// Pairs that OWASP's Password Storage Cheat Sheet calls equally strong; more of either is fine.
inline constexpr std::array<crypto::Argon2Cost, 5> least_costs{
    {{47104, 1}, {19456, 2}, {12288, 3}, {9216, 4}, {7168, 5}}};

inline void declare(core::Settings& settings, Config& config) {
  settings.add("passwords.min_strength", config.min_strength,
               "What zxcvbn must give a new password, from 0 to 4 (10^3, 10^6, 10^8, 10^10 guesses).",
               {.min = 0, .max = 4});
  settings.add("passwords.memory_kib", config.memory_kib, "Memory of one argon2id hash, in KiB.",
               {.min = 7168, .max = crypto::argon2_max_memory_kib});
  settings.add("passwords.passes", config.passes, "Passes of one argon2id hash.", {.min = 1, .max = 64});
  settings.add("passwords.hash_threads", config.hash_threads, "Threads that hash passwords; 0: one for each core.",
               {.min = 0, .max = 256});
  settings.add("passwords.hash_queue", config.hash_queue, "Hashes that may wait; beyond it callers get 503.",
               {.min = 1, .max = 100'000});
  settings.add(
      "passwords.breach_url", config.breach_url,
      "A service that knows leaked passwords, asked for each new one by the first five hex digits of its SHA-1, "
      "which are appended to this URL: https://api.pwnedpasswords.com/range/. None by default.");
}

// What no single setting can tell: memory and passes together. `detail` is a sentence for the operator.
inline core::Result<> check(const Config& config) {
  const auto& url = config.breach_url;
  if (!url.empty() && !url.starts_with("https://") && !url.starts_with("http://"))
    return core::fail(core::Code::validation_failed, "passwords.breach_url must begin with https:// or http://");
  const bool enough = std::ranges::any_of(least_costs, [&](const crypto::Argon2Cost& least) {
    return config.memory_kib >= least.memory_kib && config.passes >= least.passes;
  });
  if (!enough)
    return core::fail(
        core::Code::validation_failed,
        "passwords.memory_kib and passwords.passes are too low together: at least 19456 and 2, 12288 and 3, "
        "9216 and 4, 7168 and 5, or 47104 and 1");
  if (config.memory_kib * config.passes > crypto::argon2_max_work_kib)
    return core::fail(core::Code::validation_failed,
                      "passwords.memory_kib times passwords.passes is too high: at most " +
                          std::to_string(crypto::argon2_max_work_kib));
  return {};
}

}  // namespace passwords
