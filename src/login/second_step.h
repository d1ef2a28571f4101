// Owns: what is asked for between a right password and a session.
// Does not own: proving it (login_service.h), adding what is missing (late_enrolment.h), the settings (mfa/policy.h).
// Thread rule: pure functions; of() inside a transaction's function.
#pragma once
#include "mfa/mfa_service.h"
#include "mfa/policy.h"
#include "webauthn/passkeys.h"

namespace login {

// A passkey is used by signing in with it, which completes everything (passkey_sign_in.h). A code by mail and the
// approval of another session are no second factors: they are asked for of an unusual sign-in that has none to prove.
enum class SecondMethod { totp, recovery_code, passkey, email_code, approval };
constexpr std::array<core::Name<SecondMethod>, 5> names_of(SecondMethod) {
  return {{{SecondMethod::totp, "totp"},
           {SecondMethod::recovery_code, "recovery_code"},
           {SecondMethod::passkey, "passkey"},
           {SecondMethod::email_code, "email_code"},
           {SecondMethod::approval, "approval"}}};
}

// Those of them that are proved by a code.
enum class CodeMethod { totp, recovery_code, email_code };
constexpr std::array<core::Name<CodeMethod>, 3> names_of(CodeMethod) {
  return {{{CodeMethod::totp, "totp"},
           {CodeMethod::recovery_code, "recovery_code"},
           {CodeMethod::email_code, "email_code"}}};
}

struct SecondStep {
  std::vector<SecondMethod> methods;  // one of them is enough
  std::vector<SecondMethod> enrol;    // one of them is added, when there is nothing to prove
  bool nothing() const { return methods.empty() && enrol.empty(); }
  bool operator==(const SecondStep&) const = default;
};

// What a user has and has proved so far.
struct Standing {
  std::vector<mfa::Method> factors;
  bool passkey = false;
  bool proved_factor = false;  // one of `factors`, in this sign-in
};

// `amr` and what was proved besides, each method once (RFC 8176).
std::string with_proof(std::string amr, std::string_view more);

SecondStep second_step(mfa::Policy policy, const Standing& standing);

struct SecondStepParts {
  roles::Service& access;
  mfa::Service& factors;
  webauthn::Passkeys& passkeys;
  const mfa::Config& config;
};
// `amr`: what was proved so far (RFC 8176).
core::Result<SecondStep> second_step_of(core::Tx& tx, accounts::UserId user, std::string_view amr,
                                        const SecondStepParts& parts);

}  // namespace login
