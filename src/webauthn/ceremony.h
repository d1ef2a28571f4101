// Owns: the two ceremonies of WebAuthn Level 3: registering a credential (section 7.1) and an assertion (section 7.2).
// Does not own: challenges, users, and what is stored: whoever calls knows whose credential it is.
// Thread rule: pure functions.
#pragma once
#include "webauthn/authenticator_data.h"
#include "webauthn/client_data.h"

namespace webauthn {

inline constexpr size_t max_credential_id = 1023;

struct Registered {
  std::vector<uint8_t> id, public_key;  // the key as a COSE_Key
  int64_t algorithm = 0;
  Aaguid aaguid{};
  uint32_t sign_count = 0;
  bool user_verified = false, backup_eligible = false, backed_up = false;
};

// `attestation`: the attestation object. Error: passkey_invalid, with what did not hold as cause.
core::Result<Registered> verify_registration(const Expected& expected, crypto::Bytes client_data,
                                             crypto::Bytes attestation);

// What is known of a credential.
struct Stored {
  std::vector<uint8_t> public_key;
  uint32_t sign_count = 0;
  bool backup_eligible = false;
};

struct Asserted {
  uint32_t sign_count = 0;
  bool user_verified = false, backed_up = false;
  // Its counter did not grow although one is kept: somebody else may hold a copy of its key (section 6.1.1). What
  // follows is the caller's policy; the stored counter must not become smaller.
  bool maybe_cloned = false;
};

// Error: as above. All but the counter is checked when it succeeds.
core::Result<Asserted> verify_assertion(const Expected& expected, const Stored& stored, crypto::Bytes client_data,
                                        crypto::Bytes authenticator_data, crypto::Bytes signature);

}  // namespace webauthn
