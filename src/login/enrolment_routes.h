// Owns: adding what a sign-in waits for, over HTTP.
#pragma once
#include "login/login_routes.h"

namespace login {

std::vector<http::Route> enrolment_routes(const RouteParts& parts);

}  // namespace login
