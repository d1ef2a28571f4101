#include "mfa/challenges.h"

namespace mfa {

core::Result<crypto::Secret> Challenges::begin(core::Tx& tx, const accounts::User& user, std::string_view amr) {
  crypto::Secret token("ush_m_" + random_.token());
  TRY(store_.create(tx, crypto::sha256(token.bytes()),
                    {.user = user.id,
                     .auth_epoch = user.auth_epoch,
                     .amr = std::string(amr),
                     .expires_at = clock_.now() + config_.challenge_life}));
  return token;
}

core::Result<std::optional<Challenge>> Challenges::find(core::Tx& tx, const crypto::Secret& token) {
  auto found = TRY(store_.find(tx, crypto::sha256(token.bytes())));
  return found && found->expires_at > clock_.now() ? std::move(found) : std::nullopt;
}

core::Result<bool> Challenges::consume(core::Tx& tx, const crypto::Secret& token) {
  return store_.consume(tx, crypto::sha256(token.bytes()));
}

core::Result<int64_t> Challenges::prune(core::Tx& tx, int64_t limit) { return store_.prune(tx, clock_.now(), limit); }

}  // namespace mfa
