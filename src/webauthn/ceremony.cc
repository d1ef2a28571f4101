#include "webauthn/ceremony.h"

#include <algorithm>

#include "crypto/digest.h"
#include "webauthn/attestation.h"

namespace webauthn {
namespace {

using core::Result, crypto::Bytes;

// What both ceremonies ask of authenticator data: steps 14 to 18 of section 7.1, 16 to 20 of section 7.2.
Result<> verify_authenticator(const AuthenticatorData& data, const Expected& expected) {
  if (!std::ranges::equal(data.rp_id_hash, crypto::sha256(expected.rp_id))) return refused("rpIdHash");
  if (!data.user_present && !expected.conditional) return refused("user presence");
  if (!data.user_verified && expected.user_verification) return refused("user verification");
  if (data.backed_up && !data.backup_eligible) return refused("backed up, but not eligible");
  return {};
}

struct AttestationObject {
  std::string_view format;
  Bytes authenticator_data;
  const cbor::Value* statement = nullptr;
};

std::optional<AttestationObject> read(const std::optional<cbor::Value>& object) {
  if (!object) return std::nullopt;
  const auto *format = object->find("fmt"), *data = object->find("authData"), *statement = object->find("attStmt");
  if (!format || !format->text() || !data || !data->bytes() || !statement) return std::nullopt;
  return AttestationObject{*format->text(), *data->bytes(), statement};
}

}  // namespace

Result<Registered> verify_registration(const Expected& expected, Bytes client_data, Bytes attestation) {
  TRY(verify_client_data(client_data, Ceremony::create, expected));
  const auto cbor = cbor::decode(attestation);
  const auto object = read(cbor);
  const auto data = object ? parse_authenticator_data(object->authenticator_data) : std::nullopt;
  if (!data || !data->credential) return refused("attestation object");
  TRY(verify_authenticator(*data, expected));

  const AttestedCredential& credential = *data->credential;
  const auto key = CredentialKey::from_cose(credential.cose);
  if (!key) return refused("public key");
  if (std::ranges::find(expected.algorithms, key->algorithm()) == expected.algorithms.end())
    return refused("algorithm");
  const auto hash = crypto::sha256(client_data);
  TRY(verify_attestation(object->format, *object->statement,
                         {object->authenticator_data, hash, credential.aaguid, *key}));
  if (credential.id.empty() || credential.id.size() > max_credential_id) return refused("length of the credential id");
  return Registered{.id = {credential.id.begin(), credential.id.end()},
                    .public_key = {credential.cose.begin(), credential.cose.end()},
                    .algorithm = key->algorithm(),
                    .aaguid = credential.aaguid,
                    .sign_count = data->sign_count,
                    .user_verified = data->user_verified,
                    .backup_eligible = data->backup_eligible,
                    .backed_up = data->backed_up};
}

Result<Asserted> verify_assertion(const Expected& expected, const Stored& stored, Bytes client_data,
                                  Bytes authenticator_data, Bytes signature) {
  TRY(verify_client_data(client_data, Ceremony::get, expected));
  const auto data = parse_authenticator_data(authenticator_data);
  if (!data) return refused("authenticator data");
  TRY(verify_authenticator(*data, expected));
  if (data->backup_eligible != stored.backup_eligible) return refused("backup eligibility changed");

  const auto key = CredentialKey::from_cose(stored.public_key);
  if (!key) return refused("stored public key");
  std::vector<uint8_t> message(authenticator_data.begin(), authenticator_data.end());
  std::ranges::copy(crypto::sha256(client_data), std::back_inserter(message));
  if (!key->verify(message, signature)) return refused("signature");
  const bool counts = data->sign_count != 0 || stored.sign_count != 0;
  return Asserted{.sign_count = data->sign_count,
                  .user_verified = data->user_verified,
                  .backed_up = data->backed_up,
                  .maybe_cloned = counts && data->sign_count <= stored.sign_count};
}

}  // namespace webauthn
