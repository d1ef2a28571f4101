// Owns: users' passkeys: adding, naming, listing and removing them, and proofs by one of them.
// Does not own: what an answer must hold (ceremony.h), the session that follows a proof (login/).
// Thread rule: worker threads.
#pragma once
#include "accounts/user_store.h"
#include "audit/audit_store.h"
#include "crypto/random.h"
#include "mail/outbox.h"
#include "sessions/session_service.h"
#include "webauthn/ceremony.h"
#include "webauthn/passkey_store.h"
#include "webauthn/webauthn_config.h"

namespace webauthn {

using Blob = std::vector<uint8_t>;

// For a user who is known. `known` is what his authenticator is not to hold twice, or one of which is to answer.
struct Options {
  std::string challenge;
  accounts::User user;
  std::vector<Passkey> known;
};

struct Attestation {
  Blob client_data, object;
  std::string transports;  // space separated
};

// A passkey that is not kept yet, and the user's auth_epoch when its challenge was made.
struct Made {
  Passkey passkey;
  int64_t auth_epoch = 0;
};

// A challenge that was used up.
struct Taken {
  std::string challenge;
  int64_t auth_epoch = 0;  // as Made's
};

struct Assertion {
  Blob credential_id, client_data, authenticator_data, signature;
  std::optional<Blob> user_handle;
};

// A user as authenticators know him: no more than his id.
Blob user_handle_of(accounts::UserId user);

// A passkey that may be copied between devices is held in software (RFC 8176); its user was verified by the
// authenticator, so that it is two factors: having it, and knowing or being what opens it.
inline std::string_view amr_of(const Passkey& passkey) {
  return passkey.backup_eligible ? "swk user mfa" : "hwk user mfa";
}

class Passkeys {
 public:
  struct Parts {
    core::Transactor& transactor;
    PasskeyStore& store;
    accounts::Store& users;
    sessions::Service& sessions;
    audit::Store& audit;
    mail::Outbox& mail;
    crypto::Random& random;
    const core::Clock& clock;
    const Config& config;  // with rp_id and origins
  };
  explicit Passkeys(const Parts& parts) : parts_(parts) {}

  const Config& config() const { return parts_.config; }

  // Error of those that follow: account_disabled. A challenge for this session. Error, so that no authenticator makes a
  // passkey in vain: passkey_limit.
  core::Result<Options> begin(Purpose purpose, accounts::UserId user, sessions::SessionId session);
  // The answer to a challenge of this session; a mail tells of it. Errors: passkey_invalid, passkey_exists,
  // passkey_limit.
  core::Result<Passkey> enrol(accounts::UserId user, sessions::SessionId session, const Attestation& answer,
                              std::string name, const audit::Origin& origin);
  // The two halves of it: what the answer makes, and keeping that, once the caller has locked the user's row.
  core::Result<Made> judge(accounts::UserId user, sessions::SessionId session, const Attestation& answer,
                           std::string name);
  core::Result<> add(core::Tx& tx, accounts::User user, const Made& made, std::optional<sessions::SessionId> current,
                     const audit::Origin& origin);
  core::Result<std::vector<Passkey>> list(accounts::UserId user);
  core::Result<bool> has_any(core::Tx& tx, accounts::UserId user);
  // Error: not_found.
  core::Result<> rename(accounts::UserId user, PasskeyId id, const std::string& name, const audit::Origin& origin);
  // How many sessions ended: the passkey may have begun them. Error: not_found.
  core::Result<int64_t> remove(accounts::UserId user, sessions::SessionId current, PasskeyId id,
                               const audit::Origin& origin);

  // A challenge for whoever signs in.
  core::Result<std::string> begin_sign_in();
  // The challenge that client data names, if it was made for this and is not too old. It is used up, whatever becomes
  // of the rest. Error: passkey_invalid.
  core::Result<Taken> take(crypto::Bytes client_data, Purpose purpose, std::optional<accounts::UserId> user = {},
                           std::optional<sessions::SessionId> session = {});
  // Whose it is; absent when it is unknown.
  core::Result<std::optional<accounts::UserId>> owner_of(core::Tx& tx, crypto::Bytes credential_id);
  // The user proved by it who he is: what RFC 8176 calls that. The caller has locked the user's row. The inner error,
  // which keeps what was recorded: passkey_invalid, also for a counter that did not grow.
  core::Result<core::Result<std::string>> accept(core::Tx& tx, const accounts::User& user, const Assertion& answer,
                                                 const std::string& challenge, const audit::Origin& origin);

  // Removes up to `limit` challenges that are too old; how many.
  core::Result<int64_t> prune(core::Tx& tx, int64_t limit);

 private:
  core::Result<accounts::User> lock(core::Tx& tx, accounts::UserId id);
  core::Result<> check_room(const std::vector<Passkey>& known) const;
  core::Result<std::string> begin(core::Tx& tx, Challenge challenge);
  Expected expected(std::string challenge) const;
  core::Result<std::optional<Challenge>> take_row(const std::string& challenge);

  const Parts parts_;
};

}  // namespace webauthn
