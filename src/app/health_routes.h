// Owns: GET /health/live, /health/serving and /health/ready: whether the process answers, whether a load balancer
// should send it requests, and whether each dependency works.
#pragma once
#include "app/app.h"
#include "http/route.h"

namespace app {

std::vector<http::Route> health_routes(App& app);

}  // namespace app
