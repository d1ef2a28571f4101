// Owns: passkeys over HTTP, but for the sign-in that ends with tokens (login/login_routes.h).
#pragma once
#include "http/route.h"
#include "webauthn/passkeys.h"

namespace webauthn {

std::vector<http::Route> routes(Passkeys& passkeys);

}  // namespace webauthn
