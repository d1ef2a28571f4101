#include "risk/rules.h"

#include <algorithm>

namespace risk {
namespace {

// Addresses are located to a city at best: what is nearer than that is no journey.
constexpr double nearest_kilometres = 200;

bool travelled_too_fast(const Facts& facts, const Rules& rules) {
  if (!facts.last || !facts.last->place.location || !facts.place.location) return false;
  const double distance = kilometres(*facts.last->place.location, *facts.place.location);
  const auto passed = std::max(facts.now - facts.last->at, core::Millis(0));
  const double hours = std::chrono::duration<double, std::ratio<3600>>(passed).count();
  return distance > nearest_kilometres && distance > static_cast<double>(rules.kilometres_an_hour) * hours;
}

bool holds(Signal signal, const Facts& facts, const Rules& rules) {
  switch (signal) {
    case Signal::new_device:
      return !facts.first && !facts.known_device;
    case Signal::new_network:
      return !facts.first && !facts.known_network;
    case Signal::new_country:
      return !facts.first && !facts.place.country.empty() && !facts.known_country;
    case Signal::impossible_travel:
      return travelled_too_fast(facts, rules);
    case Signal::many_accounts:
      return facts.accounts >= rules.many_accounts;
    case Signal::after_failures:
      return facts.after_failures;
    case Signal::second_network:
      return facts.moved;
  }
  return false;
}

}  // namespace

Judgement judge(const Facts& facts, const Rules& rules) {
  Judgement judgement;
  for (const auto& [signal, name] : names_of(Signal{})) {
    if (!rules.on(signal) || !holds(signal, facts, rules)) continue;
    judgement.signals.push_back(signal);
    judgement.action = std::max(judgement.action, rules.of(signal));
  }
  return judgement;
}

std::string text_of(const std::vector<Signal>& signals) {
  std::string text;
  for (const Signal signal : signals) text.append(text.empty() ? "" : " ").append(core::to_text(signal));
  return text;
}

}  // namespace risk
