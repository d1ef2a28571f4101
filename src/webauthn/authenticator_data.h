// Owns: the layout of authenticator data (WebAuthn section 6.1).
// Does not own: whether it is what was asked for (ceremony.h).
// Thread rule: pure functions. Values borrow from the input.
#pragma once
#include <array>
#include <optional>

#include "crypto/bytes.h"

namespace webauthn {

// Names the model of an authenticator; zeros when it does not tell.
using Aaguid = std::array<uint8_t, 16>;

struct AttestedCredential {
  Aaguid aaguid{};
  crypto::Bytes id;
  crypto::Bytes cose;  // the public key, as it was encoded
};

struct AuthenticatorData {
  crypto::Bytes rp_id_hash;
  bool user_present = false, user_verified = false;
  bool backup_eligible = false, backed_up = false;
  uint32_t sign_count = 0;
  std::optional<AttestedCredential> credential;
};

// Absent when a flag promises what is not there, when bytes follow that no flag told of, and for extensions that are no
// CBOR map. What extensions say is not looked at: none is asked for.
std::optional<AuthenticatorData> parse_authenticator_data(crypto::Bytes bytes);

}  // namespace webauthn
