// Owns: forgotten, reset and changed passwords over HTTP.
#pragma once
#include "http/route.h"
#include "passwords/password_service.h"

namespace passwords {

std::vector<http::Route> routes(Service& service);

}  // namespace passwords
