// Owns: the routes of sign-ins that wait for an approval: for the device that waits, and for the one that approves.
// Thread rule: as http/route.h.
#pragma once
#include "login/login_routes.h"

namespace login {

std::vector<http::Route> approval_routes(const RouteParts& parts);

}  // namespace login
