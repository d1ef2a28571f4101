// Owns: requests and answers about passkeys, in the forms of WebAuthn sections 5.1.8, 5.1.9 and 5.1.10, as browsers'
// toJSON() and @simplewebauthn/browser write and read them.
#pragma once
#include "crypto/base64url.h"
#include "sessions/session_json.h"
#include "webauthn/passkeys.h"

namespace webauthn {

// Bytes as base64url without padding.
struct Base64Url {
  Blob bytes;
};
// An object that may hold anything, and is not looked at.
struct Ignored {};

}  // namespace webauthn

namespace core {

template <>
struct JsonType<webauthn::Base64Url> {
  static bool decode(Decoder& d, const boost::json::value& v, const Rule& rule, webauthn::Base64Url& out) {
    std::string text;
    if (!JsonType<std::string>::decode(d, v, rule, text)) return false;
    auto bytes = crypto::base64url_decode(text);
    if (!bytes) return d.refuse("malformed", "must be base64url without padding");
    out.bytes = *std::move(bytes);
    return true;
  }
  static void encode(std::string& out, const webauthn::Base64Url& value) {
    append_json_string(out, crypto::base64url_encode(value.bytes));
  }
  static std::string schema(Schemas& s, const Rule& rule) { return JsonType<std::string>::schema(s, rule); }
};
template <>
struct JsonType<webauthn::Ignored> {
  static bool decode(Decoder& d, const boost::json::value& v, const Rule&, webauthn::Ignored&) {
    return v.is_object() || d.refuse("wrong_type", "must be an object");
  }
  static void encode(std::string& out, const webauthn::Ignored&) { out += "{}"; }
  static std::string schema(Schemas&, const Rule&) { return R"({"type":"object"})"; }
};

}  // namespace core

namespace webauthn {

using core::field, core::length;

inline constexpr core::Rule name_length = length(1, 64), id_length = length(1, 1366), part_length = length(1, 60'000),
                            word_length = length(1, 64);

struct AttestationJson {
  Base64Url client_data, object;
  std::optional<Base64Url> authenticator_data, public_key;
  std::optional<int64_t> algorithm;
  std::optional<std::vector<std::string>> transports;
  static constexpr std::string_view name = "AuthenticatorAttestationResponse", credential_name = "RegistrationResponse";
  static constexpr auto fields() {
    return std::tuple{
        field("clientDataJSON", &AttestationJson::client_data, "As the browser made it.", part_length),
        field("attestationObject", &AttestationJson::object, "As the authenticator made it.", part_length),
        field("authenticatorData", &AttestationJson::authenticator_data, "Not used: `attestationObject` holds it.",
              part_length),
        field("publicKey", &AttestationJson::public_key, "Not used, likewise.", part_length),
        field("publicKeyAlgorithm", &AttestationJson::algorithm, "Not used, likewise."),
        field("transports", &AttestationJson::transports, "How the authenticator can be reached.", length(0, 16))};
  }
};

struct AssertionJson {
  Base64Url client_data, authenticator_data, signature;
  std::optional<Base64Url> user_handle;
  static constexpr std::string_view name = "AuthenticatorAssertionResponse", credential_name = "AuthenticationResponse";
  static constexpr auto fields() {
    return std::tuple{
        field("clientDataJSON", &AssertionJson::client_data, "As the browser made it.", part_length),
        field("authenticatorData", &AssertionJson::authenticator_data, "As the authenticator made it.", part_length),
        field("signature", &AssertionJson::signature, "Over both.", part_length),
        field("userHandle", &AssertionJson::user_handle, "Whose the authenticator says it is.", word_length)};
  }
};

// A PublicKeyCredential with either kind of response.
template <class Response>
struct CredentialJson {
  Base64Url id, raw_id;
  std::string type;
  Response response;
  std::optional<std::string> attachment;
  std::optional<Ignored> extensions;
  static constexpr std::string_view name = Response::credential_name;
  static constexpr auto fields() {
    return std::tuple{
        field("id", &CredentialJson::id, "Of the credential.", id_length),
        field("rawId", &CredentialJson::raw_id, "The same.", id_length),
        field("type", &CredentialJson::type, "public-key.", word_length),
        field("response", &CredentialJson::response, "What the authenticator answered."),
        field("authenticatorAttachment", &CredentialJson::attachment, "Not used.", word_length),
        field("clientExtensionResults", &CredentialJson::extensions, "Not used: no extension is asked for.")};
  }
};
using RegistrationJson = CredentialJson<AttestationJson>;
using AuthenticationJson = CredentialJson<AssertionJson>;

struct AddPasskeyRequest {
  std::optional<std::string> passkey_name;
  RegistrationJson credential;
  static constexpr std::string_view name = "AddPasskeyRequest";
  static constexpr auto fields() {
    return std::tuple{
        field("name", &AddPasskeyRequest::passkey_name, "What the user calls it; Passkey when absent.", name_length),
        field("credential", &AddPasskeyRequest::credential, "What navigator.credentials.create() gave, toJSON().")};
  }
};

struct RpJson {
  std::string id, rp_name;
  static constexpr std::string_view name = "RelyingParty";
  static constexpr auto fields() {
    return std::tuple{field("id", &RpJson::id, "webauthn.rp_id."),
                      field("name", &RpJson::rp_name, "webauthn.rp_name.")};
  }
};

struct UserEntityJson {
  Base64Url id;
  std::string user_name, display_name;
  static constexpr std::string_view name = "PasskeyUser";
  static constexpr auto fields() {
    return std::tuple{field("id", &UserEntityJson::id, "Names the user to authenticators; tells nothing of him."),
                      field("name", &UserEntityJson::user_name, "The account's address."),
                      field("displayName", &UserEntityJson::display_name, "The user's name.")};
  }
};

struct ParameterJson {
  std::string type = "public-key";
  int64_t alg = 0;
  static constexpr std::string_view name = "PublicKeyCredentialParameters";
  static constexpr auto fields() {
    return std::tuple{field("type", &ParameterJson::type, "public-key."),
                      field("alg", &ParameterJson::alg, "A COSE algorithm: -7 ES256, -8 EdDSA, -257 RS256.")};
  }
};

struct DescriptorJson {
  std::string type = "public-key";
  Base64Url id;
  std::vector<std::string> transports;
  static constexpr std::string_view name = "PublicKeyCredentialDescriptor";
  static constexpr auto fields() {
    return std::tuple{field("type", &DescriptorJson::type, "public-key."),
                      field("id", &DescriptorJson::id, "Of the credential."),
                      field("transports", &DescriptorJson::transports, "How its authenticator can be reached.")};
  }
};

struct SelectionJson {
  std::string resident_key = "required", user_verification = "required";
  bool require_resident_key = true;
  static constexpr std::string_view name = "AuthenticatorSelection";
  static constexpr auto fields() {
    return std::tuple{field("residentKey", &SelectionJson::resident_key, "required: found without a user name."),
                      field("requireResidentKey", &SelectionJson::require_resident_key, "The same, for Level 1."),
                      field("userVerification", &SelectionJson::user_verification, "required: two factors in one.")};
  }
};

struct CreationOptionsJson {
  RpJson rp;
  UserEntityJson user;
  std::string challenge;
  std::vector<ParameterJson> parameters;
  int64_t timeout = 0;
  std::vector<DescriptorJson> exclude;
  SelectionJson selection;
  std::string attestation = "none";
  static constexpr std::string_view name = "PublicKeyCredentialCreationOptions";
  static constexpr auto fields() {
    return std::tuple{field("rp", &CreationOptionsJson::rp, "Whom the passkey is for."),
                      field("user", &CreationOptionsJson::user, "Whose it is."),
                      field("challenge", &CreationOptionsJson::challenge, "Good once, for the session that asks."),
                      field("pubKeyCredParams", &CreationOptionsJson::parameters, "The most wanted first."),
                      field("timeout", &CreationOptionsJson::timeout, "Milliseconds that the challenge is good for."),
                      field("excludeCredentials", &CreationOptionsJson::exclude, "Those that the user has."),
                      field("authenticatorSelection", &CreationOptionsJson::selection, "What it must be able to do."),
                      field("attestation", &CreationOptionsJson::attestation, "none is asked for.")};
  }
};

struct RequestOptionsJson {
  std::string challenge, rp_id, user_verification = "required";
  int64_t timeout = 0;
  std::optional<std::vector<DescriptorJson>> allow;
  static constexpr std::string_view name = "PublicKeyCredentialRequestOptions";
  static constexpr auto fields() {
    return std::tuple{field("challenge", &RequestOptionsJson::challenge, "Good once."),
                      field("timeout", &RequestOptionsJson::timeout, "Milliseconds that the challenge is good for."),
                      field("rpId", &RequestOptionsJson::rp_id, "webauthn.rp_id."),
                      field("allowCredentials", &RequestOptionsJson::allow, "One of them; absent: any."),
                      field("userVerification", &RequestOptionsJson::user_verification, "required.")};
  }
};

struct PasskeyJson {
  PasskeyId id;
  std::string passkey_name;
  std::vector<std::string> transports;
  bool backup_eligible = false, backed_up = false;
  core::Time created_at;
  std::optional<core::Time> last_used_at;
  static constexpr std::string_view name = "Passkey";
  static constexpr auto fields() {
    return std::tuple{
        field("id", &PasskeyJson::id, "Names it here; not what the authenticator calls it."),
        field("name", &PasskeyJson::passkey_name, "What the user calls it."),
        field("transports", &PasskeyJson::transports, "How its authenticator can be reached."),
        field("backupEligible", &PasskeyJson::backup_eligible, "Whether it may be on several devices of its user."),
        field("backedUp", &PasskeyJson::backed_up, "Whether it was, when it was last used."),
        field("createdAt", &PasskeyJson::created_at, "When it was added."),
        field("lastUsedAt", &PasskeyJson::last_used_at, "Absent: never.")};
  }
};

struct PasskeyListJson {
  std::vector<PasskeyJson> passkeys;
  static constexpr std::string_view name = "PasskeyList";
  static constexpr auto fields() {
    return std::tuple{field("passkeys", &PasskeyListJson::passkeys, "The oldest first.")};
  }
};

struct NamePasskeyRequest {
  std::string passkey_name;
  static constexpr std::string_view name = "NamePasskeyRequest";
  static constexpr auto fields() {
    return std::tuple{field("name", &NamePasskeyRequest::passkey_name, "What the user calls it.", name_length)};
  }
};

struct OriginsJson {
  std::vector<std::string> origins;
  static constexpr std::string_view name = "RelatedOrigins";
  static constexpr auto fields() { return std::tuple{field("origins", &OriginsJson::origins, "webauthn.origins.")}; }
};

}  // namespace webauthn
