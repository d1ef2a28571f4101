// Owns: the settings of invitations.
#pragma once
#include "core/settings.h"

namespace invitations {

struct Config {
  core::Seconds life = std::chrono::days(7);
  std::string link;
};

inline void declare(core::Settings& settings, Config& config) {
  settings.add("invitations.life", config.life, "How long an invitation can be accepted.",
               {.min = 3600, .max = 2'592'000});
  settings.add("invitations.link", config.link,
               "The page of the application that accepts invitations; the mail links to it with #token=… behind it. "
               "Empty: the mail has the token alone.");
}

// Error: validation_failed with a sentence.
inline core::Result<> check(const Config& config) {
  const std::string& link = config.link;
  if (link.empty() || ((link.starts_with("https://") || link.starts_with("http://")) && link.find('#') == link.npos))
    return {};
  return core::fail(core::Code::validation_failed, "invitations.link must be an http or https address without #");
}

}  // namespace invitations
