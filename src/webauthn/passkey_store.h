// Owns: rows of passkeys, and of challenges that wait for an authenticator's answer.
// Does not own: their rules (passkeys.h, ceremony.h).
// Thread rule: any worker thread.
#pragma once
#include "accounts/user.h"
#include "core/unit_of_work.h"
#include "crypto/digest.h"
#include "sessions/session.h"
#include "webauthn/authenticator_data.h"

namespace webauthn {

using PasskeyId = core::Id<struct PasskeyTag>;

struct Passkey {
  PasskeyId id;
  accounts::UserId user;
  std::vector<uint8_t> credential_id, public_key;
  std::string rp_id;
  int64_t sign_count = 0;
  bool user_verified = false, backup_eligible = false, backed_up = false;
  Aaguid aaguid{};
  std::string transports;  // space separated
  std::string name;        // the user's own
  core::Time created_at;
  std::optional<core::Time> last_used_at;
};

enum class Purpose { enrol, sign_in, step_up };
constexpr std::array<core::Name<Purpose>, 3> names_of(Purpose) {
  return {{{Purpose::enrol, "register"}, {Purpose::sign_in, "sign_in"}, {Purpose::step_up, "step_up"}}};
}

struct Challenge {
  Purpose purpose{};
  std::optional<accounts::UserId> user;  // absent: whoever signs in
  std::optional<sessions::SessionId> session;
  int64_t auth_epoch = 0;  // of the user when it was made: what ended all his sessions since then voids it
  core::Time expires_at;
};

class PasskeyStore {
 public:
  virtual ~PasskeyStore() = default;
  // False when the credential is known, whoever has it; of parallel callers one gets true.
  virtual core::Result<bool> create(core::Tx& tx, const Passkey& passkey) = 0;
  // The oldest first.
  virtual core::Result<std::vector<Passkey>> list(core::Tx& tx, accounts::UserId user) = 0;
  virtual core::Result<bool> has_any(core::Tx& tx, accounts::UserId user) = 0;
  // Absent when there is none.
  virtual core::Result<std::optional<Passkey>> find(core::Tx& tx, crypto::Bytes credential_id) = 0;
  // As find; nobody else locks it until the end of `tx`.
  virtual core::Result<std::optional<Passkey>> lock(core::Tx& tx, crypto::Bytes credential_id) = 0;
  // What a use changes: counter, backup state and time.
  virtual core::Result<> update_use(core::Tx& tx, const Passkey& passkey) = 0;
  // False when it is not the user's.
  virtual core::Result<bool> rename(core::Tx& tx, accounts::UserId user, PasskeyId id, std::string_view name) = 0;
  // Its name; absent when it is not the user's.
  virtual core::Result<std::optional<std::string>> remove(core::Tx& tx, accounts::UserId user, PasskeyId id) = 0;
  virtual core::Result<> remove_all(core::Tx& tx, accounts::UserId user) = 0;

  virtual core::Result<> put_challenge(core::Tx& tx, const crypto::Digest256& hash, const Challenge& challenge) = 0;
  // Of parallel callers one gets it, also when it is too old; it is gone then.
  virtual core::Result<std::optional<Challenge>> take_challenge(core::Tx& tx, const crypto::Digest256& hash) = 0;
  // Removes up to `limit` that expired before `before`; how many.
  virtual core::Result<int64_t> prune_challenges(core::Tx& tx, core::Time before, int64_t limit) = 0;
};

}  // namespace webauthn
