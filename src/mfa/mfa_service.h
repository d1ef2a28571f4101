// Owns: second factors of users: enrolling, proving and removing them.
// Does not own: when one is asked for (login/), codes by mail (verification/).
// Thread rule: worker threads, inside a Tx in which the caller has locked the user's row.
#pragma once
#include "audit/audit_store.h"
#include "crypto/seal.h"
#include "limits/guess_limit.h"
#include "mail/outbox.h"
#include "mfa/factor_store.h"
#include "mfa/mfa_config.h"
#include "mfa/recovery_code.h"
#include "sessions/session.h"

namespace mfa {

enum class Method { totp, recovery_code };
constexpr std::array<core::Name<Method>, 2> names_of(Method) {
  return {{{Method::totp, "totp"}, {Method::recovery_code, "recovery_code"}}};
}

// What RFC 8176 calls it beside the password. The RFC has no name for a code of a list.
std::string_view amr_of(Method method);

struct Status {
  std::vector<Method> methods;  // by which the user can prove more than his password; empty without a second factor
  int64_t recovery_codes = 0;   // that are left
};

// Shown once, to be scanned by an authenticator app.
struct Enrolment {
  crypto::Secret seed;  // Base32
  crypto::Secret uri;   // otpauth://
};

class Service {
 public:
  struct Parts {
    FactorStore& factors;
    limits::GuessLimit& guesses;  // of Guessed::second_factor
    audit::Store& audit;
    mail::Outbox& mail;
    const crypto::Sealer& sealer;
    const crypto::HmacKey& key;
    crypto::Random& random;
    const core::Clock& clock;
    const Config& config;
  };
  explicit Service(const Parts& parts) : parts_(parts) {}

  core::Result<Status> status_of(core::Tx& tx, accounts::UserId user);

  // A new app in the place of one that was not confirmed. Error: factor_exists.
  core::Result<Enrolment> begin_totp(core::Tx& tx, const accounts::User& user, const audit::Origin& origin);
  // The app, begun less than 15 minutes ago, knows its seed: from now on it is asked for. The recovery codes, which are
  // not shown again. The inner errors, which keep what was counted: otp_invalid, too_many_attempts.
  core::Result<core::Result<std::vector<crypto::Secret>>> confirm_totp(core::Tx& tx, const accounts::User& user,
                                                                       const crypto::Secret& code,
                                                                       const audit::Origin& origin);
  // Each password of an app and each recovery code succeeds once, on all nodes. Inner errors as above. A mail tells of
  // a recovery code that was used. `session`: of a caller who proved nothing else; its wrong codes are counted apart,
  // so that a stolen session does not close its owner's way in.
  core::Result<core::Result<>> verify(core::Tx& tx, const accounts::User& user, Method method,
                                      const crypto::Secret& code, const audit::Origin& origin,
                                      std::optional<sessions::SessionId> session = std::nullopt);
  // The app and the recovery codes. Error: not_found.
  core::Result<> remove(core::Tx& tx, const accounts::User& user, const audit::Origin& origin);
  // If it was added at `since` or later.
  core::Result<> remove_since(core::Tx& tx, const accounts::User& user, core::Time since, const audit::Origin& origin);
  // New ones in the place of all that there were; a mail tells of it. Error: not_found for a user without a second
  // factor.
  core::Result<std::vector<crypto::Secret>> renew_recovery_codes(core::Tx& tx, const accounts::User& user,
                                                                 const audit::Origin& origin);
  // Forgets wrong codes, which make the user wait.
  core::Result<> unlock(core::Tx& tx, accounts::UserId user);

 private:
  core::Result<bool> accept_totp(core::Tx& tx, TotpFactor factor, const crypto::Secret& code);
  core::Result<bool> accept(core::Tx& tx, const accounts::User& user, Method method, const crypto::Secret& code);
  core::Result<std::vector<crypto::Secret>> make_recovery_codes(core::Tx& tx, accounts::UserId user);
  core::Result<> tell_of_used_code(core::Tx& tx, const accounts::User& user);
  core::Result<core::Result<>> judge(core::Tx& tx, const std::string& subject, bool right);

  const Parts parts_;
};

}  // namespace mfa
