// Owns: the settings of passkeys.
#pragma once
#include "core/settings.h"

namespace webauthn {

struct Config {
  std::string rp_id, rp_name = "Usher";
  std::vector<std::string> origins;
  core::Seconds challenge_life = std::chrono::minutes(5);
  int64_t limit = 32;
};

inline void declare(core::Settings& settings, Config& config) {
  settings.add(
      "webauthn.rp_id", config.rp_id,
      "The domain that passkeys belong to; without it the host of http.public_url. Another one voids them all.",
      {.max = 253});
  settings.add("webauthn.rp_name", config.rp_name, "What authenticators call this service.", {.min = 1, .max = 64});
  settings.add("webauthn.origins", config.origins,
               "The sites whose pages may ask for passkeys, such as https://example.org; without it http.public_url. "
               "/.well-known/webauthn lists them, so that they may be of other domains than webauthn.rp_id.",
               {.max = 32});
  settings.add("webauthn.challenge_life", config.challenge_life, "How long adding or using a passkey may take.",
               {.min = 30, .max = 300});
  settings.add("webauthn.limit", config.limit, "How many passkeys a user may have. Those that he has stay good.",
               {.min = 1, .max = 1000});
}

// `config` with what its empty values stand for, where `public_url` is how clients reach the server.
inline Config complete(Config config, const std::string& public_url) {
  if (config.origins.empty()) config.origins = {public_url};
  if (!config.rp_id.empty()) return config;
  const size_t begin = std::min(public_url.find("://"), public_url.size());
  const std::string host = public_url.substr(std::min(begin + 3, public_url.size()));
  config.rp_id = host.substr(0, host.find_first_of(":/"));
  return config;
}

}  // namespace webauthn
