// Owns: the settings of Redis.
#pragma once
#include "cache/redis_url.h"
#include "core/settings.h"
#include "crypto/settings.h"

namespace cache {

struct Config {
  crypto::Secret url;
  std::string host, port = "6379";  // port is read only where there is a host: orchestrators set REDIS_PORT to a URL
  std::string tls_ca;

  bool on() const { return !url.empty() || !host.empty(); }
  core::Result<Address> address() const {
    const std::string plain = "redis://" + host + ':' + port;
    return parse_redis_url(url.empty() ? std::string_view(plain) : url.expose());
  }
};

inline void declare(core::Settings& settings, Config& config) {
  settings.add(
      "redis.url", config.url,
      "redis://user:password@host:6379/0, or rediss:// for TLS: changes reach the other nodes in milliseconds. "
      "Without it they read them from the database a few times a second. Several hosts, as host:6379,host:6379, are "
      "asked in turn: the nodes of a Redis Cluster, for instance. "
      "redis+sentinel://user:password@sentinel:26379,sentinel:26379/name/0 asks sentinels for the master of that name.",
      {.also_from = {"REDIS_URL"}});
  settings.add("redis.host", config.host, "Without redis.url, a plain connection to this host.",
               {.also_from = {"REDIS_HOST"}});
  settings.add("redis.port", config.port, "The port of redis.host.", {.also_from = {"REDIS_PORT"}});
  settings.add("redis.tls_ca", config.tls_ca,
               "A PEM file of the authorities that may sign Redis' certificate; the system's by default.");
}

inline core::Result<> check(const Config& config) {
  if (config.on()) TRY(config.address());
  return {};
}

}  // namespace cache
