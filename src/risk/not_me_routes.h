// Owns: the page behind the link "this was not me", and its button.
// Thread rule: as http/route.h.
#pragma once
#include "http/route.h"
#include "risk/not_me.h"

namespace risk {

std::vector<http::Route> routes(NotMe& not_me);

}  // namespace risk
