// Owns: stopping those who guess an account's password, or the code of its second factor.
// Does not own: comparing passwords (passwords/hasher.h), limits by address (rate_limiter.h).
// Thread rule: worker threads.
#pragma once
#include "core/metrics.h"
#include "limits/guess_store.h"
#include "limits/limit_config.h"

namespace limits {

enum class Guess { right, wrong };
// Passwords count while limits.enabled; the codes of second factors, which are short, always.
enum class Guessed { password, second_factor };

class GuessLimit {
 public:
  GuessLimit(GuessStore& store, crypto::Secret key, const Config& config, const core::Clock& clock,
             core::Metrics& metrics, Guessed guessed = Guessed::password);

  // Before one is compared: too_many_attempts, with the time to wait. `whose` is what is counted: of a password the
  // address as compared, of an account or not, for both are counted alike, or the difference would tell which is one.
  core::Result<> check(core::Tx& tx, std::string_view whose);
  // After it was compared, in the transaction of its effect. Also of many that were compared at once no more count than
  // the rules allow: what comes too late is told too_many_attempts, right or wrong, and learns nothing. That is a
  // value, so that the transaction is committed.
  core::Result<core::Result<>> judge(core::Tx& tx, std::string_view whose, Guess guess);
  // The same of a right one: how many wrong ones in a row came before it.
  core::Result<core::Result<int64_t>> judge_right(core::Tx& tx, std::string_view whose);
  // It was proved by other means: it begins anew.
  core::Result<> forget(core::Tx& tx, std::string_view whose);
  // Removes up to `limit` rows that count for nothing any more; how many.
  core::Result<int64_t> prune(core::Tx& tx, int64_t limit);

  const GuessRules& rules() const { return rules_; }

 private:
  bool counts() const { return guessed_ == Guessed::second_factor || config_.enabled; }
  Subject subject_of(std::string_view whose) const;
  core::Result<> refuse(const Guesses& guesses) const;

  GuessStore& store_;
  const crypto::HmacKey key_;
  const Config& config_;
  const GuessRules rules_;
  const core::Clock& clock_;
  const Guessed guessed_;
  core::Counter& refused_;
};

}  // namespace limits
