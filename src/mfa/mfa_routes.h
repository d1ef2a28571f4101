// Owns: a user's own second factors over HTTP.
// Does not own: the second step of a sign-in (login/login_routes.h).
#pragma once
#include "http/route.h"
#include "mfa/mfa_json.h"

namespace mfa {

// With the QR code of its URI.
EnrolmentJson to_json(Enrolment made);

std::vector<http::Route> routes(OwnFactors& own);

}  // namespace mfa
