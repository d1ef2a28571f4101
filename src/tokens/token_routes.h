// Owns: the public keys over HTTP.
#pragma once
#include "http/route.h"
#include "tokens/key_ring.h"

namespace tokens {

std::vector<http::Route> routes(const KeyRing& keys);

}  // namespace tokens
