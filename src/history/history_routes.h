// Owns: the history of sign-ins over HTTP: one's own, and for administrators.
// Thread rule: as http/route.h.
#pragma once
#include "accounts/user_service.h"
#include "history/attempt.h"
#include "http/route.h"

namespace history {

std::vector<http::Route> routes(core::Transactor& transactor, audit::Store& audit, accounts::Service& accounts);

}  // namespace history
