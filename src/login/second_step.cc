#include "login/second_step.h"

namespace login {
namespace {

using enum SecondMethod;

std::vector<SecondMethod> methods_of(const Standing& standing) {
  std::vector<SecondMethod> methods;
  for (const mfa::Method method : standing.factors)
    methods.push_back(method == mfa::Method::totp ? totp : recovery_code);
  return methods;
}

// What he has is proved before a passkey is added to it: a password alone must not add the way past the app.
SecondStep phishing_resistant_step(const Standing& standing) {
  if (standing.passkey) return {.methods = {passkey}, .enrol = {}};
  if (!standing.factors.empty() && !standing.proved_factor) return {.methods = methods_of(standing), .enrol = {}};
  return {.methods = {}, .enrol = {passkey}};
}

}  // namespace

std::string with_proof(std::string amr, std::string_view more) {
  for (const auto& method : sessions::methods_of(more))
    if (!sessions::lists(amr, method)) amr += ' ' + method;
  return amr;
}

SecondStep second_step(mfa::Policy policy, const Standing& standing) {
  if (policy == mfa::Policy::phishing_resistant) return phishing_resistant_step(standing);
  if (standing.proved_factor) return {};
  const bool required = policy == mfa::Policy::required;
  SecondStep step{.methods = methods_of(standing), .enrol = {}};
  if (standing.passkey && (required || !step.methods.empty())) step.methods.push_back(passkey);
  if (required && step.methods.empty()) step.enrol = {totp, passkey};
  return step;
}

core::Result<SecondStep> second_step_of(core::Tx& tx, accounts::UserId user, std::string_view amr,
                                        const SecondStepParts& parts) {
  const auto policy = TRY(mfa::policy_of(tx, user, parts.config, parts.access));
  auto factors = TRY(parts.factors.status_of(tx, user)).methods;
  // Most sign-ins: a passkey would not be asked for, so it is not looked for.
  if (policy < mfa::Policy::required && factors.empty()) return SecondStep{};
  return second_step(policy, {.factors = std::move(factors),
                              .passkey = TRY(parts.passkeys.has_any(tx, user)),
                              .proved_factor = sessions::lists(amr, "mfa")});
}

}  // namespace login
