// Owns: access tokens: JWTs (RFC 7519) of type at+jwt (RFC 9068) that name a session.
// Does not own: whether the session lives (sessions/checker.h), permissions (they are not in the token).
// Thread rule: pure functions.
#pragma once
#include "crypto/jws.h"
#include "tokens/key_ring.h"

namespace tokens {

struct AccessClaims {
  core::Uuid user, session;  // sub, sid
  core::Uuid id;             // jti
  core::Time issued_at, expires_at;
  core::Time authenticated_at{};         // auth_time; long ago in tokens that do not say it
  std::vector<std::string> amr = {};     // RFC 8176; for others, not read back
  int64_t aal = 1;                       // for others, not read back
  std::optional<core::Uuid> actor = {};  // act.sub: who acts in the user's name (RFC 8693 section 4.1); for others
};

core::Result<crypto::Secret> issue_access_token(const KeySet& keys, const Config& config, const AccessClaims& claims);

// Errors: token_malformed, token_invalid (`cause` is "unknown key" when the kid is not in `keys`), token_expired.
core::Result<AccessClaims> verify_access_token(std::string_view token, const KeySet& keys, const Config& config,
                                               core::Time now);

// Whether an error of verify_access_token may be cured by a newer key set.
bool names_unknown_key(const core::Error& error);

}  // namespace tokens
