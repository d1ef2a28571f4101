// Owns: the settings of the HTTP server.
// Does not own: what features serve on it.
// Thread rule: filled before threads start, then read only.
#pragma once
#include "core/settings.h"

namespace http {

struct Config {
  std::string listen = "127.0.0.1:3000";
  int64_t threads = 0;
  int64_t workers = 64;
  int64_t queue = 1024;
  int64_t max_connections = 50'000;
  std::vector<std::string> trusted_proxies;
  std::vector<std::string> cors_origins;
  std::string public_url;
  std::string tls_cert, tls_key;
  core::Seconds header_timeout{10}, body_timeout{20}, write_timeout{30}, idle_timeout{75}, drain_time{0},
      stop_timeout{8};
};

void declare(core::Settings& settings, Config& config);

// Where http.listen says to listen: "3000" (on 127.0.0.1), "host:port", ":port" (every IPv4 address), "[IPv6]:port".
struct Listen {
  std::string address;
  uint16_t port = 0;
};
// validation_failed with a sentence when it is none of them.
core::Result<Listen> parse_listen(std::string_view text);

// What the server is called in links: http.public_url without a slash at its end, or what http.listen makes of it.
std::string public_url(const Config& config);

// The first setting that cannot be used, as a sentence that names it.
core::Result<> check(const Config& config);

}  // namespace http
