// Owns: the user's own sessions over HTTP.
#pragma once
#include "http/route.h"
#include "sessions/checker.h"
#include "sessions/session_service.h"

namespace sessions {

// Where a call comes from, for the record.
audit::Origin origin_of(const http::Context& context);

std::vector<http::Route> routes(core::Transactor& transactor, Service& service, NearCache& near);

}  // namespace sessions
