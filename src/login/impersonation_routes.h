// Owns: acting in the name of another user, over HTTP.
#pragma once
#include "http/route.h"
#include "login/impersonation.h"

namespace login {

std::vector<http::Route> routes(Impersonations& impersonations);

}  // namespace login
