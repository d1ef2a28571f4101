// Owns: asking a service of leaked passwords for a new one, without telling it which: it hears 20 bits of its SHA-1 and
// answers with all that begin so (the range API of Have I Been Pwned, and what mirrors it).
// Does not own: the common passwords that are refused without asking anybody (common_words.h).
// Thread rule: worker threads, outside of transactions; waits three seconds at most, few of them at once, and nobody
// for half a minute after a failure.
#pragma once
#include <atomic>
#include <chrono>
#include <optional>

#include "core/metrics.h"
#include "crypto/secret.h"
#include "passwords/password_config.h"

namespace passwords {

class Breaches {
 public:
  // Without passwords.breach_url nobody is asked.
  Breaches(const Config& config, core::Metrics& metrics);
  // password_rejected with the code `breached` for `field` when it has leaked. Whoever cannot be asked keeps nobody
  // from a new password: that is counted and logged.
  core::Result<> check(const crypto::Secret& password, std::string_view field);

 private:
  using Time = std::chrono::steady_clock::time_point;
  // The lines of the range; absent when the service cannot be asked.
  std::optional<std::string> ask(std::string_view prefix);

  const std::string url_;
  core::Counter &answered_, &failed_, &unasked_;
  std::atomic<int> asking_{0};
  std::atomic<Time> rest_until_{Time{}};
};

// Whether the lines "SUFFIX:COUNT" of an answer name the suffix (35 upper-case hex digits). A count of 0 is padding.
bool range_holds(std::string_view lines, std::string_view suffix);

}  // namespace passwords
