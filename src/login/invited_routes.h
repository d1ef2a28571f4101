// Owns: accepting invitations, over HTTP.
#pragma once
#include "login/invited.h"
#include "login/login_routes.h"

namespace login {

std::vector<http::Route> invited_routes(Invited& invited, const RouteParts& parts);

}  // namespace login
