// Owns: deleting one's own account over HTTP.
// Thread rule: as http/route.h.
#pragma once
#include "http/route.h"
#include "self/deletion.h"

namespace self {

std::vector<http::Route> routes(Deletion& deletion);

}  // namespace self
