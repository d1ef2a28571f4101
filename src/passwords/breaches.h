// Owns: asking a service of leaked passwords for a new one, without telling it which: it hears 20 bits of its SHA-1 and
// answers with all that begin so (the range API of Have I Been Pwned, and what mirrors it).
// Does not own: the common passwords that are refused without asking anybody (common_words.h).
// Thread rule: worker threads, outside of transactions; waits three seconds at most.
#pragma once
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
  core::Result<> check(const crypto::Secret& password, std::string_view field) const;

 private:
  const std::string url_;
  core::Counter &asked_, &unanswered_;
};

// Whether the lines "SUFFIX:COUNT" of an answer name the suffix (35 upper-case hex digits). A count of 0 is padding.
bool range_holds(std::string_view lines, std::string_view suffix);

}  // namespace passwords
