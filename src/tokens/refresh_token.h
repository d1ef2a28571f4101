// Owns: the form of refresh tokens: "ush_r_" + base64url(version 1 ‖ key id ‖ session id ‖ generation ‖ MAC).
// Does not own: what an old generation means (sessions/refresh.h), or the row it belongs to.
// Thread rule: pure functions.
//
// MAC = HMAC-SHA-256(server key, session secret ‖ session id ‖ generation). Nothing is stored of a token, and the same
// answer can be given twice.
#pragma once
#include "tokens/key_ring.h"

namespace tokens {

// What a token claims; nothing of it is proved before verify().
struct RefreshToken {
  MacKeyId key;
  core::Uuid session;
  int64_t generation = 0;
  crypto::Digest256 mac;

  // Absent unless it is exactly one spelling of a token.
  static std::optional<RefreshToken> parse(std::string_view text);
};

crypto::Secret issue_refresh_token(const KeySet& keys, core::Time now, const core::Uuid& session, int64_t generation,
                                   const crypto::Secret& session_secret);
// Whether its MAC is ours. A retired key does not verify.
bool verify(const RefreshToken& token, const KeySet& keys, core::Time now, const crypto::Secret& session_secret);

}  // namespace tokens
