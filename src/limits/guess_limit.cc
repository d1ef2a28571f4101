#include "limits/guess_limit.h"

namespace limits {

GuessLimit::GuessLimit(GuessStore& store, crypto::Secret key, const Config& config, const core::Clock& clock,
                       core::Metrics& metrics, Guessed guessed)
    : store_(store),
      key_(std::move(key)),
      config_(config),
      clock_(clock),
      guessed_(guessed),
      refused_(metrics.counter("usher_limited_total", "Requests that a limit refused.",
                               guessed == Guessed::password ? "by=\"account\"" : "by=\"second_factor\"")) {}

Subject GuessLimit::subject_of(std::string_view whose) const { return key_(crypto::as_bytes(whose)); }

core::Result<> GuessLimit::refuse(const Guesses& guesses) const {
  const core::Millis left = wait(guesses, rules_, clock_.now());
  if (left == core::Millis(0)) return {};
  refused_.add();
  core::Error error{.code = core::Code::too_many_attempts, .retry_after = std::chrono::ceil<core::Seconds>(left)};
  if (guessed_ == Guessed::password && locked(guesses, rules_)) error.detail = "Reset the password to sign in again.";
  return std::unexpected(std::move(error));
}

core::Result<> GuessLimit::check(core::Tx& tx, std::string_view whose) {
  if (!counts()) return {};
  const auto guesses = TRY(store_.find(tx, subject_of(whose)));
  return guesses ? refuse(*guesses) : core::Result<>{};
}

core::Result<core::Result<>> GuessLimit::judge(core::Tx& tx, std::string_view whose, Guess guess) {
  if (guess == Guess::right) {
    const auto heard = TRY(judge_right(tx, whose));
    return heard ? core::Result<>{} : core::Result<>(std::unexpected(heard.error()));
  }
  if (!counts()) return core::Result<>{};
  const Subject subject = subject_of(whose);
  const Guesses guesses = TRY(store_.lock(tx, subject));
  if (auto late = refuse(guesses); !late) return late;
  TRY(store_.update(tx, subject, after_failure(guesses, rules_, clock_.now())));
  return core::Result<>{};
}

core::Result<core::Result<int64_t>> GuessLimit::judge_right(core::Tx& tx, std::string_view whose) {
  const Subject subject = subject_of(whose);
  if (!counts() || !TRY(store_.find(tx, subject))) return 0;
  const Guesses guesses = TRY(store_.lock(tx, subject));
  if (const auto late = refuse(guesses); !late) return core::Result<int64_t>(std::unexpected(late.error()));
  TRY(store_.remove(tx, subject));
  return guesses.failures;
}

core::Result<> GuessLimit::forget(core::Tx& tx, std::string_view whose) { return store_.remove(tx, subject_of(whose)); }

core::Result<int64_t> GuessLimit::prune(core::Tx& tx, int64_t limit) {
  return store_.prune(tx, clock_.now() - rules_.forgotten, limit);
}

}  // namespace limits
