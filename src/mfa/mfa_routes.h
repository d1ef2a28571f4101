// Owns: a user's own second factors over HTTP.
// Does not own: the second step of a sign-in (login/login_routes.h).
#pragma once
#include "http/route.h"
#include "mfa/own_factors.h"

namespace mfa {

std::vector<http::Route> routes(OwnFactors& own);

}  // namespace mfa
