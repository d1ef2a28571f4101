// Owns: which access tokens were verified, so that a signature is checked once per token, not once per request.
// Does not own: verification (access_token.h), or whether the session lives (sessions/near_cache.h).
// Thread rule: any thread; a lookup holds one shard's lock for a few nanoseconds.
#pragma once
#include <memory>
#include <mutex>
#include <optional>

#include "core/id.h"
#include "crypto/digest.h"

namespace tokens {

// What a verified token proves.
struct VerifiedToken {
  core::Uuid user, session;
  int64_t expires_at = 0;  // seconds since 1970
};

class VerifiedCache {
 public:
  // Room for about `entries` tokens; memory is taken as they come.
  VerifiedCache(int64_t entries, crypto::Random& random);

  crypto::Digest128 digest(std::string_view token) const { return digest_(token); }
  // Absent when it is not remembered, was verified under another `epoch` of the keys, or has expired.
  std::optional<VerifiedToken> find(const crypto::Digest128& digest, uint32_t epoch, int64_t now_seconds) const;
  // Takes the place of the entry that expires first among the few it may lie in.
  void add(const crypto::Digest128& digest, uint32_t epoch, const VerifiedToken& token);

 private:
  struct Slot {
    crypto::Digest128 digest;
    VerifiedToken token;
    uint32_t epoch;  // 0: empty
  };
  static constexpr size_t ways = 4, shards = 64;
  struct Release {
    void operator()(Slot* slots) const;
  };
  Slot* set_of(const crypto::Digest128& digest) const;
  std::mutex& lock_of(const crypto::Digest128& digest) const;

  crypto::KeyedDigest digest_;
  size_t sets_;
  std::unique_ptr<Slot[], Release> slots_;
  struct alignas(64) Lock {
    std::mutex mutex;
  };
  mutable std::array<Lock, shards> locks_;
};

}  // namespace tokens
