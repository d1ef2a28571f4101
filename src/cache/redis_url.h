// Owns: where Redis is and who we are there, read off redis.url.
// Does not own: the connection (connection.h).
// Thread rule: values and pure functions.
#pragma once
#include "core/result.h"
#include "crypto/secret.h"

namespace cache {

struct Address {
  std::string host = "127.0.0.1";
  std::string port = "6379";
  bool tls = false;
  std::string user;  // empty: the default user
  crypto::Secret password;
  int64_t database = 0;
};

// redis://[user[:password]@]host[:port][/database], or rediss:// for TLS; "redis://:password@host" names no user. User
// and password are percent-decoded. The error is a sentence that never quotes the URL.
core::Result<Address> parse_redis_url(std::string_view url);

}  // namespace cache
