// Owns: where Redis is and who we are there, read off redis.url.
// Does not own: the connection (connection.h).
// Thread rule: values and pure functions.
#pragma once
#include <vector>

#include "core/result.h"
#include "crypto/secret.h"

namespace cache {

struct Endpoint {
  std::string host = "127.0.0.1";
  std::string port = "6379";
  bool operator==(const Endpoint&) const = default;
};

struct Address {
  std::vector<Endpoint> endpoints;  // never empty: asked in this order until one answers
  std::string sentinel_name;        // what the endpoints, sentinels then, call the master; empty: they are servers
  bool tls = false;
  std::string user;  // empty: the default user
  crypto::Secret password;
  int64_t database = 0;
};

// redis://[user[:password]@]host[:port][,host[:port]…][/database], or rediss:// for TLS; "redis://:password@host" names
// no user. redis+sentinel:// and rediss+sentinel:// list sentinels (port 26379), and end in /name[/database]; user and
// password are the master's. User and password are percent-decoded. The error is a sentence that never quotes the URL.
core::Result<Address> parse_redis_url(std::string_view url);

}  // namespace cache
