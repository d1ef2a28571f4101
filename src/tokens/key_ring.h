// Owns: the keys that sign and verify at this moment, their first making and their rotation.
// Does not own: tokens' form (access_token.h, refresh_token.h).
// Thread rule: any thread; current() is cheap, the others block on the store.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>

#include "changes/outbox.h"
#include "crypto/digest.h"
#include "crypto/seal.h"
#include "tokens/key_store.h"
#include "tokens/token_config.h"

namespace tokens {

// The four bytes by which a refresh token names its MAC key.
using MacKeyId = std::array<uint8_t, 4>;

// Everything that is known of keys, immutable. A retired key verifies until `until`.
struct KeySet {
  struct Signer {
    std::shared_ptr<const crypto::SigningKey> key;
    core::Time active_at;
    core::Time until;
  };
  struct Mac {
    MacKeyId id;
    crypto::HmacKey key;
    core::Time active_at;
    core::Time until;
  };
  std::vector<Signer> access;  // oldest first
  std::vector<Mac> refresh;    // oldest first
  std::string jwks;            // RFC 7517; holds keys from before they sign until their last token is gone

  // The newest that is active, if possible one that has no end yet. There always is one.
  const crypto::SigningKey& signer(core::Time now) const;
  const Mac& mac(core::Time now) const;
  // Absent for a key that is unknown or retired.
  const crypto::VerifyKey* verifier(std::string_view kid, core::Time now) const;
  const Mac* mac(const MacKeyId& id, core::Time now) const;
};

class KeyRing {
 public:
  KeyRing(core::Transactor& transactor, KeyStore& store, changes::Outbox& outbox, const crypto::Sealer& sealer,
          crypto::Random& random, const core::Clock& clock, const Config& config, core::Seconds refresh_lifetime)
      : transactor_(transactor),
        store_(store),
        outbox_(outbox),
        sealer_(sealer),
        random_(random),
        clock_(clock),
        config_(config),
        refresh_lifetime_(refresh_lifetime) {}

  // Makes the keys that are missing, under a lock, so that two nodes make one set.
  core::Result<> make_missing(core::Tx& tx);
  // For the server alone: rotates when no lasting key has the algorithm of tokens.algorithm.
  core::Result<> adopt_algorithm();
  // Reads the store. Errors: store_unavailable, or a sentence when the master key does not open them; the old set
  // stays.
  core::Result<> reload();
  // What an unknown key id asks for: as reload(), or what came of it in the last second. Also store_unavailable when
  // others have been at it for a second.
  core::Result<> reload_unless_recent();
  // A new key signs after one staleness bound, so that every node knows it by then; the old one verifies until its
  // last token has expired. The new kid.
  core::Result<std::string> rotate(Purpose purpose);
  core::Result<std::vector<StoredKey>> list();

  std::shared_ptr<const KeySet> current() const;
  // Rises when the keys changed: what was verified under another epoch must be verified again. Never 0.
  uint32_t epoch() const { return epoch_.load(std::memory_order_acquire); }

  // How late another node may learn of a key.
  static constexpr core::Seconds staleness{30};

 private:
  core::Result<std::string> make(core::Tx& tx, Purpose purpose, core::Time active_at);
  core::Result<std::string> rotate(core::Tx& tx, Purpose purpose);
  core::Result<> read();
  core::Result<KeySet> open(const std::vector<StoredKey>& stored) const;
  core::Result<> add(KeySet& set, const StoredKey& stored) const;

  core::Transactor& transactor_;
  KeyStore& store_;
  changes::Outbox& outbox_;
  const crypto::Sealer& sealer_;
  crypto::Random& random_;
  const core::Clock& clock_;
  const Config& config_;
  core::Seconds refresh_lifetime_;

  std::atomic<uint32_t> epoch_{1};
  mutable std::mutex mutex_;
  std::shared_ptr<const KeySet> set_;
  std::timed_mutex reload_mutex_;  // guards the two below
  core::Millis tried_{-10'000};
  core::Result<> read_;  // when it was tried last
};

}  // namespace tokens
