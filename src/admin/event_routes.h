// Owns: the record of events, for those who may read it, over HTTP.
#pragma once
#include "audit/audit_store.h"
#include "http/route.h"

namespace admin {

std::vector<http::Route> event_routes(core::Transactor& transactor, audit::Store& audit);

}  // namespace admin
