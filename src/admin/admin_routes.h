// Owns: accounts and their sessions, for administrators, over HTTP.
#pragma once
#include "admin/admin_service.h"
#include "http/route.h"

namespace admin {

std::vector<http::Route> routes(Service& service);

}  // namespace admin
