// Owns: sign-ins that wait for their second factor, and the token by which they are completed.
// Does not own: what proves it (mfa_service.h), the session that follows (login/).
// Thread rule: worker threads, inside a Tx.
#pragma once
#include "crypto/random.h"
#include "crypto/secret.h"
#include "mfa/challenge_store.h"
#include "mfa/mfa_config.h"

namespace mfa {

class Challenges {
 public:
  Challenges(ChallengeStore& store, crypto::Random& random, const core::Clock& clock, const Config& config)
      : store_(store), random_(random), clock_(clock), config_(config) {}

  // "ush_m_…": opens nothing but the second step; only its hash is stored.
  core::Result<crypto::Secret> begin(core::Tx& tx, const accounts::User& user, std::string_view amr);
  // Absent when it is unknown, used or too old.
  core::Result<std::optional<Challenge>> find(core::Tx& tx, const crypto::Secret& token);
  // Of parallel callers one gets true.
  core::Result<bool> consume(core::Tx& tx, const crypto::Secret& token);
  // Removes up to `limit` that are too old; how many.
  core::Result<int64_t> prune(core::Tx& tx, int64_t limit);

  core::Seconds life() const { return config_.challenge_life; }

 private:
  ChallengeStore& store_;
  crypto::Random& random_;
  const core::Clock& clock_;
  const Config& config_;
};

}  // namespace mfa
