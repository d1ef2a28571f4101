// Owns: joining factors, sessions and tokens: sign-in by password, verification of an address, refresh, sign-out.
// Does not own: each of them (passwords/, verification/, sessions/, tokens/), making accounts (registration_service.h).
// Thread rule: worker threads.
#pragma once
#include "access/access_service.h"
#include "accounts/email.h"
#include "accounts/user_store.h"
#include "limits/guess_limit.h"
#include "login/code_mailer.h"
#include "login/signed_in.h"
#include "mfa/challenges.h"
#include "passwords/hasher.h"
#include "risk/approvals.h"
#include "risk/watch.h"
#include "sessions/checker.h"
#include "tokens/access_token.h"

namespace login {

// Who proved one thing, and has yet to take the second step.
struct Waiting {
  accounts::User user;
  std::string amr;  // what he proved (RFC 8176)
};

// What becomes of an account whose user asked for its deletion, once he has proved who he is.
enum class Leaving { refused, restored };

class Service {
 public:
  struct Parts {
    core::Transactor& transactor;
    accounts::Store& users;
    roles::Service& access;
    audit::Store& audit;
    changes::Outbox& outbox;
    verification::Service& codes;
    CodeMailer& mailer;
    passwords::Hasher& hasher;
    limits::GuessLimit& guesses;
    mfa::Service& factors;
    mfa::Challenges& challenges;
    webauthn::Passkeys& passkeys;
    risk::Watch& watch;
    risk::Approvals& approvals;
    sessions::Service& sessions;
    sessions::Checker& checker;
    tokens::KeyRing& keys;
    crypto::Random& random;
    const core::Clock& clock;
    const tokens::Config& token_config;
    const sessions::Config& session_config;
    const mfa::Config& mfa_config;
  };
  explicit Service(Parts parts) : parts_(parts) {}

  // Errors: invalid_credentials for unknown account and wrong password alike, at the same cost; with the right password
  // email_not_verified (a new code is on its way) or account_disabled; too_many_attempts after many wrong ones, also
  // with the right one; rate_limited when a code would be asked for and too many were mailed; session_limit;
  // sign_in_refused by a rule of risk/; overloaded, store_unavailable; account_deletion_pending, unless it is to be
  // restored: then its session restores it.
  core::Result<SignInOutcome> login(std::string_view email, const crypto::Secret& password,
                                    const devices::Device& device, const audit::Origin& origin,
                                    Leaving leaving = Leaving::refused);
  // Consumes the code, marks the address as verified and signs in. Error: otp_invalid for every reason alike.
  core::Result<SignInOutcome> verify_email(std::string_view email, const crypto::Secret& otp,
                                           const devices::Device& device, const audit::Origin& origin);
  // The second step. Errors: mfa_token_invalid for a token that is unknown, used or too old, and for an account that
  // changed since the first step; otp_invalid, after which the token is still good; too_many_attempts; session_limit.
  // Asks for more of who has proved an app and must use a passkey.
  core::Result<SignInOutcome> verify_factor(const crypto::Secret& token, CodeMethod method, const crypto::Secret& code,
                                            const devices::Device& device, const audit::Origin& origin);
  // For who waits for the approval of another session. Errors: approval_pending; approval_denied, which uses the token
  // up; mfa_token_invalid; factor_not_allowed for who does not wait for one; session_limit.
  core::Result<SignedIn> complete_approved(const crypto::Secret& token, const devices::Device& device,
                                           const audit::Origin& origin);
  // Errors: refresh_invalid, session_ended with its reason, account_disabled, store_unavailable.
  core::Result<SignedIn> refresh(const crypto::Secret& refresh_token, std::string_view family,
                                 const audit::Origin& origin);
  // The same without waiting: as sessions::Service::begin_refresh().
  using Then = std::move_only_function<void(std::optional<core::Result<SignedIn>>)>;
  void begin_refresh(const crypto::Secret& refresh_token, std::string family, audit::Origin origin, Then then);
  // With an access token for what a sign-in, a refresh or a step-up gives out.
  core::Result<SignedIn> with_access_token(SignedIn signed_in);
  core::Result<SignInOutcome> with_access_token(SignInOutcome outcome);
  // Ends the caller's session.
  core::Result<> logout(accounts::UserId user, sessions::SessionId session, const audit::Origin& origin);
  // Ends every session of the caller, or all but the current one; how many. A sign-in that is in flight does not
  // complete.
  core::Result<int64_t> logout_all(accounts::UserId user, std::optional<sessions::SessionId> except,
                                   const audit::Origin& origin);

  // The transaction of a sign-in, `admit`, and what is given out for it. What it refuses is on record as a try of
  // `user`, where there is one.
  template <class F>
  auto complete(std::optional<accounts::UserId> user, const audit::Origin& origin, F&& admit)
      -> std::invoke_result_t<F, core::Tx&>::value_type {
    auto admitted = parts_.transactor.atomically(admit);
    if (!admitted && user) TRY(record_refusal(admitted.error(), *user, origin));
    return with_access_token(TRY(TRY(std::move(admitted))));
  }

  // Steps of a caller's transaction.

  // What is asked for of who has proved `amr` so far.
  core::Result<SecondStep> second_step(core::Tx& tx, accounts::UserId user, std::string_view amr);
  // Whose sign-in `token` is of; outside of a transaction. Error: mfa_token_invalid.
  core::Result<accounts::UserId> who_waits(const crypto::Secret& token);
  // Locks his row. The inner error, which keeps what was recorded: mfa_token_invalid.
  core::Result<core::Result<Waiting>> lock_waiting(core::Tx& tx, accounts::UserId user, const crypto::Secret& token,
                                                   const audit::Origin& origin);
  // For who has proved all that is asked for; takes back that his account is to be deleted, which whoever let him begin
  // has seen to. Errors: session_limit, sign_in_refused.
  core::Result<SignedIn> create_session(core::Tx& tx, accounts::User user, std::string amr,
                                        const devices::Device& device, const audit::Origin& origin);
  // A session for who has proved `amr`, or what else is asked of him. The same errors.
  core::Result<SignInOutcome> ask_or_create(core::Tx& tx, accounts::User user, std::string amr,
                                            const devices::Device& device, const audit::Origin& origin);
  // What a session's user is given, but for the access token.
  core::Result<SignedIn> give_out(core::Tx& tx, accounts::User user, sessions::Issued issued);
  // A sign-in that create_session() or ask_or_create() refused used nothing up, and is on record; outside of a
  // transaction.
  core::Result<> record_refusal(const core::Error& error, accounts::UserId user, const audit::Origin& origin);

 private:
  core::Result<std::optional<accounts::User>> find(core::Tx& tx, const accounts::Email& email);
  core::Result<bool> verify_password(const std::optional<accounts::User>& user, const crypto::Secret& password);
  core::Result<std::optional<accounts::User>> find_to_sign_in(const std::optional<accounts::Email>& email);
  std::unexpected<core::Error> refuse(const std::optional<accounts::Email>& email,
                                      const std::optional<accounts::User>& user, limits::Guess guess, core::Code why,
                                      const audit::Origin& origin);
  core::Result<std::string> stronger_hash(const accounts::User& user, const crypto::Secret& password);
  core::Result<> restore(core::Tx& tx, accounts::User& user, const audit::Origin& origin);
  core::Result<core::Result<SignInOutcome>> admit(core::Tx& tx, const accounts::User& proved,
                                                  const std::string& new_hash, const devices::Device& device,
                                                  const audit::Origin& origin);
  core::Result<SecondStep> asked_of(core::Tx& tx, const accounts::User& user, std::string_view amr,
                                    const devices::Device& device, const audit::Origin& origin);
  // What the rules say of a sign-in. Error: sign_in_refused where one blocks it.
  core::Result<risk::Judgement> judge(core::Tx& tx, accounts::UserId user, const devices::Device& device,
                                      const audit::Origin& origin);
  core::Result<core::Result<SignedIn>> admit_approved(core::Tx& tx, accounts::UserId id, const crypto::Secret& token,
                                                      devices::Device device, const audit::Origin& origin);
  core::Result<core::Result<std::string>> prove(core::Tx& tx, const accounts::User& user, const crypto::Secret& token,
                                                CodeMethod method, const crypto::Secret& code,
                                                const audit::Origin& origin);
  core::Result<core::Result<SignInOutcome>> admit_by_factor(core::Tx& tx, accounts::UserId id,
                                                            const crypto::Secret& token, CodeMethod method,
                                                            const crypto::Secret& code, const devices::Device& device,
                                                            const audit::Origin& origin);
  bool judges_moves() const;
  core::Result<SignedIn> give_refreshed(sessions::Refreshed fresh, roles::Grants grants);
  core::Result<sessions::Refreshed> rotate(const crypto::Secret& refresh_token, std::string_view family,
                                           const audit::Origin& origin);

  Parts parts_;
};

}  // namespace login
