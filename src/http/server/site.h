// Owns: what all connections of a server share.
// Does not own: sockets and threads (loop.h, workers.h).
// Thread rule: read only once built, apart from atomic counters and Workers.
#pragma once
#include "http/address.h"
#include "http/answer.h"
#include "http/cors.h"
#include "http/http_config.h"
#include "http/router.h"
#include "http/server/workers.h"

namespace http {

struct Site {
  Config config;
  std::unique_ptr<Router> router;
  Gate& gate;
  Limiter* limiter;
  const core::Clock& clock;
  Cors cors;
  TrustedProxies proxies;
  RouteCounters unmatched;  // requests that found no route, or could not be read
  Transport transport;
  Workers workers;
  std::atomic<size_t> connections{0};
  std::atomic<size_t> owed{0};  // requests that were begun and are neither answered nor with a worker
};

}  // namespace http
