#include "webauthn/passkeys.h"

#include "crypto/base64url.h"
#include "mail/templates.h"
#include "webauthn/credential_key.h"

namespace webauthn {
namespace {

using accounts::UserId, core::Code, core::Result, sessions::SessionId;

constexpr core::Seconds notice_life = std::chrono::days(1);

}  // namespace

Blob user_handle_of(UserId user) { return {user.value.bytes.begin(), user.value.bytes.end()}; }

Expected Passkeys::expected(std::string challenge) const {
  return {.rp_id = parts_.config.rp_id,
          .origins = parts_.config.origins,
          .top_origins = {},
          .challenge = std::move(challenge),
          .algorithms = {std::begin(algorithms), std::end(algorithms)}};
}

Result<accounts::User> Passkeys::lock(core::Tx& tx, UserId id) {
  auto user = TRY(parts_.users.lock(tx, id));
  if (!user || !user->active()) return core::fail(Code::account_disabled);
  return *std::move(user);
}

Result<> Passkeys::check_room(const std::vector<Passkey>& known) const {
  if (std::ssize(known) < parts_.config.limit) return {};
  return core::fail(Code::passkey_limit);
}

Result<std::string> Passkeys::begin(core::Tx& tx, Challenge challenge) {
  std::string text = parts_.random.token();
  challenge.expires_at = parts_.clock.now() + parts_.config.challenge_life;
  TRY(parts_.store.put_challenge(tx, crypto::sha256(text), challenge));
  return text;
}

Result<Options> Passkeys::begin(Purpose purpose, UserId id, SessionId session) {
  return parts_.transactor.atomically([&](core::Tx& tx) -> Result<Options> {
    auto user = TRY(lock(tx, id));
    auto known = TRY(parts_.store.list(tx, id));
    if (purpose == Purpose::enrol) TRY(check_room(known));
    auto text = TRY(begin(
        tx, {.purpose = purpose, .user = id, .session = session, .auth_epoch = user.auth_epoch, .expires_at = {}}));
    return Options{std::move(text), std::move(user), std::move(known)};
  });
}

Result<Made> Passkeys::judge(UserId id, SessionId session, const Attestation& answer, std::string name) {
  auto taken = TRY(take(answer.client_data, Purpose::enrol, id, session));
  auto made = TRY(verify_registration(expected(std::move(taken.challenge)), answer.client_data, answer.object));
  const core::Time now = parts_.clock.now();
  Passkey passkey{.id = parts_.random.id<PasskeyId>(now),
                  .user = id,
                  .credential_id = std::move(made.id),
                  .public_key = std::move(made.public_key),
                  .rp_id = parts_.config.rp_id,
                  .sign_count = made.sign_count,
                  .user_verified = made.user_verified,
                  .backup_eligible = made.backup_eligible,
                  .backed_up = made.backed_up,
                  .aaguid = made.aaguid,
                  .transports = answer.transports,
                  .name = std::move(name),
                  .created_at = now,
                  .last_used_at = {}};
  return Made{std::move(passkey), taken.auth_epoch};
}

Result<> Passkeys::add(core::Tx& tx, accounts::User user, const Made& made, std::optional<SessionId> current,
                       const audit::Origin& origin) {
  const auto& [passkey, auth_epoch] = made;
  if (user.auth_epoch != auth_epoch) return refused("the account changed since the challenge was made");
  TRY(check_room(TRY(parts_.store.list(tx, user.id))));
  if (!TRY(parts_.store.create(tx, passkey))) return core::fail(Code::passkey_exists);
  TRY(parts_.audit.append(tx, {"passkey.added", user.id.value, {}, passkey.id.str()}, origin));
  const core::Time now = parts_.clock.now();
  TRY(parts_.mail.enqueue(tx, mail::passkey_added(parts_.mail.letterhead(), user.email, passkey.name, now),
                          now + notice_life));
  if (parts_.sessions.ends_sessions(sessions::Event::passkey_added)) {
    ++user.auth_epoch;
    TRY(parts_.users.update(tx, user));
  }
  TRY(parts_.sessions.react(tx, sessions::Event::passkey_added, user.id, current, origin));
  return {};
}

Result<Passkey> Passkeys::enrol(UserId id, SessionId session, const Attestation& answer, std::string name,
                                const audit::Origin& origin) {
  auto made = TRY(judge(id, session, answer, std::move(name)));
  TRY(parts_.transactor.atomically(
      [&](core::Tx& tx) -> Result<> { return add(tx, TRY(lock(tx, id)), made, session, origin); }));
  return std::move(made.passkey);
}

Result<std::vector<Passkey>> Passkeys::list(UserId user) {
  return parts_.transactor.reading([&](core::Tx& tx) { return parts_.store.list(tx, user); });
}

Result<bool> Passkeys::has_any(core::Tx& tx, UserId user) { return parts_.store.has_any(tx, user); }

Result<> Passkeys::rename(UserId user, PasskeyId id, const std::string& name, const audit::Origin& origin) {
  return parts_.transactor.atomically([&](core::Tx& tx) -> Result<> {
    if (!TRY(parts_.store.rename(tx, user, id, name))) return core::fail(Code::not_found);
    return parts_.audit.append(tx, {"passkey.renamed", user.value, {}, id.str()}, origin);
  });
}

Result<int64_t> Passkeys::remove(UserId id, SessionId current, PasskeyId passkey, const audit::Origin& origin) {
  return parts_.transactor.atomically([&](core::Tx& tx) -> Result<int64_t> {
    auto user = TRY(lock(tx, id));
    const auto name = TRY(parts_.store.remove(tx, id, passkey));
    if (!name) return core::fail(Code::not_found);
    TRY(parts_.audit.append(tx, {"passkey.removed", id.value, {}, passkey.str()}, origin));
    ++user.auth_epoch;
    TRY(parts_.users.update(tx, user));
    const core::Time now = parts_.clock.now();
    TRY(parts_.mail.enqueue(tx, mail::passkey_removed(parts_.mail.letterhead(), user.email, *name, now),
                            now + notice_life));
    return parts_.sessions.react(tx, sessions::Event::factor_removed, id, current, origin);
  });
}

Result<std::string> Passkeys::begin_sign_in() {
  return parts_.transactor.atomically([&](core::Tx& tx) {
    return begin(tx, {.purpose = Purpose::sign_in, .user = {}, .session = {}, .expires_at = {}});
  });
}

Result<std::optional<Challenge>> Passkeys::take_row(const std::string& challenge) {
  return parts_.transactor.atomically(
      [&](core::Tx& tx) { return parts_.store.take_challenge(tx, crypto::sha256(challenge)); });
}

Result<Taken> Passkeys::take(crypto::Bytes client_data, Purpose purpose, std::optional<UserId> user,
                             std::optional<SessionId> session) {
  std::string challenge = challenge_of(client_data);
  if (challenge.empty()) return refused("client data");
  const auto found = TRY(take_row(challenge));
  if (!found || found->expires_at <= parts_.clock.now()) return refused("challenge is unknown, used or too old");
  if (found->purpose != purpose || found->user != user || found->session != session)
    return refused("challenge of another purpose or session");
  return Taken{std::move(challenge), found->auth_epoch};
}

Result<std::optional<UserId>> Passkeys::owner_of(core::Tx& tx, crypto::Bytes credential_id) {
  const auto found = TRY(parts_.store.find(tx, credential_id));
  return found ? std::optional(found->user) : std::nullopt;
}

Result<Result<std::string>> Passkeys::accept(core::Tx& tx, const accounts::User& user, const Assertion& answer,
                                             const std::string& challenge, const audit::Origin& origin) {
  auto passkey = TRY(parts_.store.lock(tx, answer.credential_id));
  if (!passkey || passkey->user != user.id) return Result<std::string>(refused("credential"));
  if (answer.user_handle && *answer.user_handle != user_handle_of(user.id))
    return Result<std::string>(refused("user handle"));
  if (passkey->rp_id != parts_.config.rp_id) return Result<std::string>(refused("rp_id of the credential"));
  const Stored stored{passkey->public_key, static_cast<uint32_t>(passkey->sign_count), passkey->backup_eligible};
  const auto made =
      verify_assertion(expected(challenge), stored, answer.client_data, answer.authenticator_data, answer.signature);
  if (!made) return Result<std::string>(std::unexpected(made.error()));
  if (made->maybe_cloned) {
    TRY(parts_.audit.append(tx, {"passkey.maybe_cloned", user.id.value, {}, passkey->id.str()}, origin));
    return Result<std::string>(refused("counter did not grow"));
  }
  passkey->sign_count = made->sign_count;
  passkey->backed_up = made->backed_up;
  passkey->last_used_at = parts_.clock.now();
  TRY(parts_.store.update_use(tx, *passkey));
  return Result<std::string>(std::string(amr_of(*passkey)));
}

Result<int64_t> Passkeys::prune(core::Tx& tx, int64_t limit) {
  return parts_.store.prune_challenges(tx, parts_.clock.now(), limit);
}

}  // namespace webauthn
