// Owns: a user's copy of his data, over HTTP.
#pragma once
#include "http/route.h"
#include "self/export.h"

namespace self {

std::vector<http::Route> routes(Export& own_data);

}  // namespace self
