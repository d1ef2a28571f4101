#include "tokens/token_routes.h"

namespace tokens {

std::vector<http::Route> routes(const KeyRing& keys) {
  using http::Guard, http::Method;
  std::vector<http::Route> all;
  // A key is published one staleness bound before it signs, so a cached answer may be that old.
  all.push_back(http::route<http::NoBody, http::Response>(
      {.method = Method::get,
       .path = "/.well-known/jwks.json",
       .id = "listKeys",
       .summary = "The public keys that verify access tokens (RFC 7517).",
       .guard = Guard::open()},
      [&keys](http::Context&) -> core::Result<http::Response> {
        return http::Response{
            .body = keys.current()->jwks,
            .content_type = "application/jwk-set+json",
            .headers = {{"Cache-Control", "public, max-age=" + std::to_string(KeyRing::staleness.count())}}};
      }));
  return all;
}

}  // namespace tokens
