#include "tokens/key_ring.h"

#include <algorithm>
#include <ranges>

namespace tokens {
namespace {

constexpr core::Time never = core::Time::max();

std::string seal_context(Purpose purpose, std::string_view kid) {
  return "signing-key:" + std::string(core::to_text(purpose)) + ':' + std::string(kid);
}

MacKeyId mac_key_id(std::string_view kid) {
  const auto digest = crypto::sha256(kid);
  MacKeyId id;
  std::copy_n(digest.begin(), id.size(), id.begin());
  return id;
}

template <class Keys>
const auto& newest_active(const Keys& keys, core::Time now) {
  const auto active = [&](const auto& key) { return key.active_at <= now; };
  // A key that was to follow, but retired before its time, must not follow.
  const auto lasting = [&](const auto& key) { return active(key) && key.until == never; };
  const auto newest = std::views::reverse(keys);
  if (const auto found = std::ranges::find_if(newest, lasting); found != newest.end()) return *found;
  if (const auto found = std::ranges::find_if(newest, active); found != newest.end()) return *found;
  // A wall clock that went back must not leave the server without a key.
  return keys.front();
}

std::string jwks_of(const std::vector<KeySet::Signer>& signers) {
  std::string list;
  for (const auto& signer : signers) {
    const std::string jwk = signer.key->public_jwk();
    if (!jwk.empty()) list += (list.empty() ? "" : ",") + jwk;
  }
  return "{\"keys\":[" + list + "]}";
}

bool same_key(const KeySet::Signer& a, const KeySet::Signer& b) {
  return a.key->kid() == b.key->kid() && a.until == b.until;
}

}  // namespace

const crypto::SigningKey& KeySet::signer(core::Time now) const { return *newest_active(access, now).key; }

const KeySet::Mac& KeySet::mac(core::Time now) const { return newest_active(refresh, now); }

const crypto::VerifyKey* KeySet::verifier(std::string_view kid, core::Time now) const {
  const auto found = std::ranges::find(access, kid, [](const Signer& s) -> std::string_view { return s.key->kid(); });
  return found != access.end() && now < found->until ? &found->key->verify_key() : nullptr;
}

const KeySet::Mac* KeySet::mac(const MacKeyId& id, core::Time now) const {
  const auto found = std::ranges::find(refresh, id, &Mac::id);
  return found != refresh.end() && now < found->until ? &*found : nullptr;
}

core::Result<> KeyRing::make_missing(core::Tx& tx) {
  TRY(store_.lock(tx));
  const auto stored = TRY(store_.list(tx));
  const auto has = [&](Purpose purpose) {
    return std::ranges::any_of(stored, [&](const StoredKey& key) { return key.purpose == purpose && !key.retired_at; });
  };
  if (!has(Purpose::refresh)) TRY(make(tx, Purpose::refresh, clock_.now()));
  if (config_.secret.empty() && !has(Purpose::access)) TRY(make(tx, Purpose::access, clock_.now()));
  return {};
}

core::Result<> KeyRing::adopt_algorithm() {
  if (!config_.secret.empty()) return {};
  return transactor_.atomically([&](core::Tx& tx) -> core::Result<> {
    TRY(store_.lock(tx));
    for (const auto& key : TRY(store_.list(tx)))
      if (key.purpose == Purpose::access && !key.retired_at && key.algorithm == config_.algorithm) return {};
    TRY(rotate(tx, Purpose::access));
    return {};
  });
}

core::Result<std::string> KeyRing::make(core::Tx& tx, Purpose purpose, core::Time active_at) {
  const auto algorithm = purpose == Purpose::refresh ? crypto::Algorithm::HS256 : config_.algorithm;
  const auto key = TRY(crypto::SigningKey::generate(algorithm, random_));
  TRY(store_.create(tx, {.kid = key.kid(),
                         .purpose = purpose,
                         .algorithm = algorithm,
                         .sealed = sealer_.seal(key.private_bytes().bytes(), seal_context(purpose, key.kid())),
                         .created_at = clock_.now(),
                         .active_at = active_at,
                         .retired_at = {}}));
  TRY(outbox_.announce(tx, {changes::Kind::keys}));
  return key.kid();
}

core::Result<std::string> KeyRing::rotate(Purpose purpose) {
  if (purpose == Purpose::access && !config_.secret.empty())
    return core::fail(core::Code::validation_failed, "tokens.secret signs access tokens: change that setting instead");
  return transactor_.atomically([&](core::Tx& tx) -> core::Result<std::string> {
    TRY(store_.lock(tx));
    return rotate(tx, purpose);
  });
}

core::Result<std::string> KeyRing::rotate(core::Tx& tx, Purpose purpose) {
  const core::Time active_at = clock_.now() + staleness;
  const core::Seconds lifetime = purpose == Purpose::access ? config_.access_ttl : refresh_lifetime_;
  for (const auto& key : TRY(store_.list(tx)))
    if (key.purpose == purpose) TRY(store_.retire(tx, key.kid, active_at + lifetime + staleness));
  TRY(store_.prune(tx, clock_.now()));
  return make(tx, purpose, active_at);
}

core::Result<std::vector<StoredKey>> KeyRing::list() {
  return transactor_.reading([&](core::Tx& tx) { return store_.list(tx); });
}

core::Result<> KeyRing::reload() {
  const std::lock_guard reloading(reload_mutex_);
  tried_ = clock_.boot();
  read_ = read();
  if (!read_) tried_ = clock_.boot();  // it may have taken long to fail
  return read_;
}

core::Result<> KeyRing::read() {
  const auto stored = TRY(transactor_.reading([&](core::Tx& tx) { return store_.list(tx); }));
  auto set = std::make_shared<const KeySet>(TRY(open(stored)));
  const std::lock_guard lock(mutex_);
  if (set_ && !std::ranges::equal(set_->access, set->access, same_key)) epoch_.fetch_add(1, std::memory_order_release);
  set_ = std::move(set);
  return {};
}

core::Result<> KeyRing::reload_unless_recent() {
  {
    // Anybody may send an unknown key id: those who do must not queue up behind a store that hangs.
    const std::unique_lock reloading(reload_mutex_, core::Seconds(1));
    if (!reloading) return core::fail_because(core::Code::store_unavailable, "the keys are being read");
    if (clock_.boot() - tried_ < core::Seconds(1)) return read_;
  }
  return reload();
}

std::shared_ptr<const KeySet> KeyRing::current() const {
  const std::lock_guard lock(mutex_);
  return set_;
}

core::Result<KeySet> KeyRing::open(const std::vector<StoredKey>& stored) const {
  KeySet set;
  for (const auto& key : stored) TRY(add(set, key));
  if (!config_.secret.empty()) {
    auto key = TRY(crypto::SigningKey::from_private(crypto::Algorithm::HS256, config_.secret));
    set.access.push_back({std::make_shared<crypto::SigningKey>(std::move(key)), core::Time{}, never});
  }
  if (set.access.empty() || set.refresh.empty())
    return core::fail_because(core::Code::internal, "there are no signing keys");
  set.jwks = jwks_of(set.access);
  return set;
}

core::Result<> KeyRing::add(KeySet& set, const StoredKey& stored) const {
  const auto opened = sealer_.open(stored.sealed, seal_context(stored.purpose, stored.kid));
  if (!opened)
    return core::fail(core::Code::internal,
                      "the signing keys in the store were sealed under another keys.master: "
                      "give the one that this store was made with");
  const core::Time until = stored.retired_at.value_or(never);
  if (stored.purpose == Purpose::refresh) {
    set.refresh.push_back({mac_key_id(stored.kid), crypto::HmacKey(*opened), stored.active_at, until});
    return {};
  }
  auto key = TRY(crypto::SigningKey::from_private(stored.algorithm, *opened));
  set.access.push_back({std::make_shared<crypto::SigningKey>(std::move(key)), stored.active_at, until});
  return {};
}

}  // namespace tokens
