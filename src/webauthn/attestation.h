// Owns: attestation statements: none (WebAuthn section 8.7) and packed (section 8.2).
// Does not own: whom to trust: no attestation is asked for, and none makes a passkey better than another.
// Thread rule: pure functions.
#pragma once
#include "core/result.h"
#include "webauthn/authenticator_data.h"
#include "webauthn/cbor.h"
#include "webauthn/credential_key.h"

namespace webauthn {

struct Attested {
  crypto::Bytes authenticator_data;  // as it was signed
  crypto::Bytes client_data_hash;
  const Aaguid& aaguid;
  const CredentialKey& key;
};

// Refused: a format that is neither, in exactly that spelling, and a statement that does not hold.
core::Result<> verify_attestation(std::string_view format, const cbor::Value& statement, const Attested& attested);

}  // namespace webauthn
