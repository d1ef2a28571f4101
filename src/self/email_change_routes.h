// Owns: changing one's e-mail address over HTTP.
// Thread rule: as http/route.h.
#pragma once
#include "http/route.h"
#include "self/email_change.h"

namespace self {

std::vector<http::Route> routes(EmailChange& change);

}  // namespace self
