// Owns: what a ceremony expects, and the checks of client data (WebAuthn section 5.8.1; steps 5 to 11 of section 7.1,
// 8 to 15 of section 7.2).
// Does not own: where challenges come from and that each is used once.
// Thread rule: pure functions.
#pragma once
#include <string>
#include <vector>

#include "core/result.h"
#include "crypto/bytes.h"

namespace webauthn {

enum class Ceremony { create, get };

struct Expected {
  std::string rp_id;
  std::vector<std::string> origins;      // exactly these
  std::vector<std::string> top_origins;  // sites that may embed one of `origins`; empty: none may
  std::string challenge;                 // base64url
  std::vector<int64_t> algorithms;       // that were offered; of a registration
  bool user_verification = true;         // is required
  bool conditional = false;              // mediation: a registration that nobody had to touch anything for
};

// A refusal: passkey_invalid to the caller, what did not hold to the log.
std::unexpected<core::Error> refused(std::string what);

// The challenge that client data claims to answer; empty when it cannot be read. Nothing else is known of it yet.
std::string challenge_of(crypto::Bytes json);

core::Result<> verify_client_data(crypto::Bytes json, Ceremony ceremony, const Expected& expected);

}  // namespace webauthn
