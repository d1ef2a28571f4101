// Owns: the running HTTP server: its loops, its workers, its certificate.
// Does not own: what the routes do; the gate, limiter, metrics and clock, which must outlive it.
// Thread rule: start(), stop() and destruction on one thread; reload_certificate() from any.
#pragma once
#include <memory>

#include "http/http_config.h"
#include "http/route.h"

namespace core {
class Metrics;
}

namespace http {

struct ServerOptions {
  Config config;
  Limiter* limiter = nullptr;  // null: nothing is counted
};

class Server {
 public:
  // Serves when it returns. Errors: validation_failed with a sentence (a setting, a route, a port that is taken).
  // Raises the process's soft limit of open files to its hard limit.
  static core::Result<std::unique_ptr<Server>> start(ServerOptions options, std::vector<Route> routes, Gate& gate,
                                                     core::Metrics& metrics, const core::Clock& clock);
  // stop().
  ~Server();

  uint16_t port() const;
  // Accepts nothing more, answers what is in flight with `Connection: close`, closes the rest after http.stop_timeout.
  // A handler that never returns keeps it from returning.
  void stop();
  // Reads http.tls_cert and http.tls_key again (they are also watched). On an error the old certificate stays.
  core::Result<> reload_certificate();

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace http
