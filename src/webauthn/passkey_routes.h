// Owns: passkeys over HTTP, but for the sign-in that ends with tokens (login/login_routes.h).
#pragma once
#include "http/route.h"
#include "webauthn/passkey_json.h"
#include "webauthn/passkeys.h"

namespace webauthn {

CreationOptionsJson to_json(const Options& begun, const Config& config);
// What the browser gave. Error: passkey_invalid for one of another form.
core::Result<Attestation> attestation_of(RegistrationJson credential);
core::Result<Assertion> assertion_of(AuthenticationJson credential);
// What a passkey is called whose user does not say.
inline std::string name_of(std::optional<std::string> name) { return std::move(name).value_or("Passkey"); }

std::vector<http::Route> routes(Passkeys& passkeys);

}  // namespace webauthn
