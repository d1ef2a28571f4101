#include "limits/limit_config.h"

#include "http/address.h"

namespace limits {

void declare(core::Settings& settings, Config& config) {
  using Rule = core::SettingRule;
  settings.add("limits.enabled", config.enabled,
               "false lifts the limits that get in the way of tests and load: guesses of an account, requests of an "
               "address, verification.cool_down. How often a code may be tried stays limited.");
  settings.add(
      "limits.sign_ins", config.sign_ins,
      "Sign-ins, codes and passwords that one address (IPv6: one /64) may try in a minute, on all nodes; 0: any.",
      Rule{.max = 60'000});
  settings.add("limits.mails", config.mails,
               "Requests that send mail, registration included, of one address in a minute, on all nodes; 0: any.",
               Rule{.max = 60'000});
  settings.add("limits.calls", config.calls,
               "Other requests of one address in a minute, on each node; 0: any. Checks of sessions are not counted.",
               Rule{.max = 6'000'000});
  settings.add(
      "limits.exempt", config.exempt,
      "Addresses or networks (CIDR) whose requests are not counted. Loopback is among them, as all clients seem "
      "to come from there when a proxy is missing in http.trusted_proxies. Guesses of an account always count.");
}

core::Result<> check(const Config& config) {
  for (const auto& text : config.exempt)
    if (!http::Network::parse(text))
      return core::fail(core::Code::validation_failed,
                        "limits.exempt: \"" + text + "\" is neither an address nor a network");
  return {};
}

}  // namespace limits
