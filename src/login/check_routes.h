// Owns: the hot path over HTTP: GET /auth/check and GET /auth/me, answered from memory where it may be trusted.
#pragma once
#include "http/route.h"
#include "sessions/checker.h"

namespace login {

std::vector<http::Route> check_routes(sessions::Checker& checker);

}  // namespace login
