// Owns: the settings of tokens.
#pragma once
#include "crypto/settings.h"

namespace tokens {

struct Config {
  core::Seconds access_ttl = std::chrono::days(7);
  crypto::Algorithm algorithm = crypto::Algorithm::ES256;
  crypto::Secret secret;
  std::string issuer = "usher", audience = "usher";
  int64_t cache_entries = 524'288;
};

inline void declare(core::Settings& settings, Config& config) {
  settings.add("tokens.access_ttl", config.access_ttl, "How long an access token is valid.", {.min = 10});
  settings.add("tokens.algorithm", config.algorithm, "The algorithm that signs access tokens.");
  settings.add("tokens.secret", config.secret,
               "Signs access tokens by HS256 instead; at least 32 bytes that nobody could guess.",
               {.also_from = {"JWT_SECRET"}});
  settings.add("tokens.issuer", config.issuer, "The claim iss.", {.min = 1, .max = 256});
  settings.add("tokens.audience", config.audience, "The claim aud.", {.min = 1, .max = 256});
  settings.add("tokens.cache_entries", config.cache_entries, "How many verified access tokens are held in memory.",
               {.min = 1024});
}

}  // namespace tokens
