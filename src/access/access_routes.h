// Owns: roles and permissions over HTTP.
#pragma once
#include "access/access_service.h"
#include "http/route.h"

namespace roles {

std::vector<http::Route> routes(Service& service);

}  // namespace roles
