#include "verification/code_service.h"

namespace verification {

Service::Service(Store& store, crypto::Random& random, crypto::Secret key, Rules rules)
    : store_(store), random_(random), key_(std::move(key)), rules_(rules) {}

// Who begins two sign-ins at once gets a code for each.
Rules Service::rules_of(Purpose purpose) const {
  Rules rules = rules_;
  if (belongs_to_a_request(purpose)) rules.at_once = rules.free_issues;
  return rules;
}

core::Result<std::optional<crypto::Secret>> Service::issue(core::Tx& tx, accounts::UserId user, Purpose purpose,
                                                           core::Time now, std::string_view about) {
  crypto::Secret secret = create_code(random_);
  const Code code{.user = user,
                  .purpose = purpose,
                  .hash = hash_code(key_, user, purpose, secret, about),
                  .issued_at = now,
                  .expires_at = now + rules_.life};
  if (!TRY(store_.issue(tx, code, rules_of(purpose)))) return std::nullopt;
  return secret;
}

core::Result<crypto::Secret> Service::demand(core::Tx& tx, accounts::UserId user, Purpose purpose, core::Time now,
                                             std::string_view about) {
  if (auto code = TRY(issue(tx, user, purpose, now, about))) return *std::move(code);
  const core::Millis left = TRY(store_.cools_until(tx, user, purpose, rules_of(purpose))) - now;
  return std::unexpected(core::Error{.code = core::Code::rate_limited,
                                     .detail = "Codes were mailed a moment ago.",
                                     .retry_after = std::chrono::ceil<core::Seconds>(left)});
}

core::Result<Outcome> Service::consume(core::Tx& tx, accounts::UserId user, Purpose purpose, const crypto::Secret& code,
                                       core::Time now, std::string_view about) {
  const Outcome outcome = TRY(compare(tx, user, purpose, code, now, about));
  if (outcome == Outcome::accepted) TRY(store_.revoke(tx, user, purpose));
  return outcome;
}

core::Result<Outcome> Service::compare(core::Tx& tx, accounts::UserId user, Purpose purpose, const crypto::Secret& code,
                                       core::Time now, std::string_view about) {
  if (!well_formed(code.expose())) return Outcome::refused;
  const auto stored = TRY(store_.consume_try(tx, user, purpose, rules_.tries, now));
  // Hashed also when there is nothing to compare with, so that both take the same time.
  const auto given = hash_code(key_, user, purpose, code, about);
  return stored && crypto::equal(*stored, given) ? Outcome::accepted : Outcome::refused;
}

core::Result<> Service::forget(core::Tx& tx, accounts::UserId user) { return store_.forget(tx, user); }

core::Result<> Service::discard(core::Tx& tx, accounts::UserId user, Purpose purpose) {
  return store_.revoke(tx, user, purpose);
}

core::Result<> Service::discard_all(core::Tx& tx, accounts::UserId user) {
  for (const auto& purpose : names_of(Purpose{})) TRY(discard(tx, user, purpose.value));
  return {};
}

}  // namespace verification
