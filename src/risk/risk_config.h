// Owns: the settings of what is unusual about a sign-in.
#pragma once
#include "core/settings.h"
#include "risk/rules.h"

namespace risk {

struct Config {
  Config() {
    rules.of(Signal::new_device) = Action::notify;
    rules.of(Signal::after_failures) = Action::notify;
  }
  Rules rules;
  std::string geo_database;
  core::Seconds familiar_for = std::chrono::days(180);
  int64_t approvals_in_vain = 3;
  core::Seconds not_me_life = std::chrono::days(7);
};

inline void declare(core::Settings& settings, Config& config) {
  using enum Signal;
  auto& rules = config.rules;
  settings.add(
      "risk.new_device", rules.of(new_device),
      "What a sign-in from a device that the user has not used before leads to: nothing (off), an event "
      "(record), a mail to the user besides (notify), a code by mail (step_up), the approval of another session of "
      "the user (approve), a refusal (block).");
  settings.add("risk.new_network", rules.of(new_network),
               "The same for a network (IPv4 /24, IPv6 /48) new to the user.");
  settings.add("risk.new_country", rules.of(new_country),
               "The same for a country that is new to the user; needs risk.geo_database.");
  settings.add("risk.impossible_travel", rules.of(impossible_travel),
               "The same for a place that nobody reaches since the last use of a living session; needs "
               "risk.geo_database with locations.");
  settings.add("risk.many_accounts", rules.of(many_accounts),
               "The same for a network that tried many accounts within an hour.");
  settings.add("risk.after_failures", rules.of(after_failures), "The same for a right password after many wrong ones.");
  settings.add("risk.second_network", rules.of(second_network),
               "The same for a session that is refreshed from a network that is new to the user; at most notify, for "
               "whoever travels would be signed out.");
  settings.add("risk.many_accounts_at", rules.many_accounts, "How many accounts are many.", {.min = 2, .max = 100'000});
  settings.add("risk.failures_at", rules.failures, "How many wrong passwords in a row are many.",
               {.min = 2, .max = 100});
  settings.add("risk.travel_speed", rules.kilometres_an_hour, "Kilometres an hour that nobody travels faster than.",
               {.min = 100, .max = 100'000});
  settings.add("risk.geo_database", config.geo_database,
               "A file in MaxMind's format (GeoLite2-City.mmdb) that tells where an address is; read at start.");
  settings.add("risk.familiar_for", config.familiar_for,
               "A device, network or country that was not used for this long is new again.", {.min = 86'400});
  settings.add("risk.approvals_in_vain", config.approvals_in_vain,
               "How often within an hour a user is asked for approvals that he does not give; then a code is mailed.",
               {.min = 1, .max = 50});
  settings.add("risk.not_me_life", config.not_me_life, "How long the link `this was not me` of a mail works.",
               {.min = 3600, .max = 2'592'000});
}

// What no single setting can tell. Error: validation_failed with a sentence.
inline core::Result<> check(const Config& config) {
  const auto& rules = config.rules;
  const auto bad = [](std::string what) { return core::fail(core::Code::validation_failed, std::move(what)); };
  if (rules.of(Signal::second_network) > Action::notify) return bad("risk.second_network may be off, record or notify");
  if (config.geo_database.empty() && (rules.on(Signal::new_country) || rules.on(Signal::impossible_travel)))
    return bad("risk.new_country and risk.impossible_travel need risk.geo_database");
  return {};
}

}  // namespace risk
