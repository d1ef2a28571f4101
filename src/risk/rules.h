// Owns: what is unusual about a sign-in, and what follows from it, as rules without I/O.
// Does not own: what is known of a user (familiar_store.h), where an address is (places.h), acting on it (watch.h).
// Thread rule: pure functions on values.
#pragma once
#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "core/clock.h"
#include "core/fields.h"
#include "risk/places.h"

namespace risk {

enum class Signal {
  new_device,
  new_network,
  new_country,
  impossible_travel,
  many_accounts,
  after_failures,
  second_network  // of a refresh: all others are of sign-ins
};
constexpr std::array<core::Name<Signal>, 7> names_of(Signal) {
  using enum Signal;
  return {{{new_device, "new_device"},
           {new_network, "new_network"},
           {new_country, "new_country"},
           {impossible_travel, "impossible_travel"},
           {many_accounts, "many_accounts"},
           {after_failures, "after_failures"},
           {second_network, "second_network"}}};
}

// From the mildest on; each includes recording it.
enum class Action { off, record, notify, step_up, approve, block };
constexpr std::array<core::Name<Action>, 6> names_of(Action) {
  using enum Action;
  return {{{off, "off"},
           {record, "record"},
           {notify, "notify"},
           {step_up, "step_up"},
           {approve, "approve"},
           {block, "block"}}};
}

// How long the tries of a source add up.
inline constexpr core::Millis tries_window = std::chrono::hours(1);

// What each signal leads to, and where counts become one.
struct Rules {
  std::array<Action, names_of(Signal{}).size()> actions{};
  int64_t many_accounts = 10;  // that one source tried within an hour
  int64_t failures = 10;       // wrong passwords before the right one
  int64_t kilometres_an_hour = 1000;

  Action of(Signal signal) const { return actions[static_cast<size_t>(signal)]; }
  Action& of(Signal signal) { return actions[static_cast<size_t>(signal)]; }
  bool on(Signal signal) const { return of(signal) != Action::off; }
  Action strictest() const { return *std::ranges::max_element(actions); }
};

// Where a user was last, while a session of his lives.
struct Seen {
  core::Time at;
  Place place;
};

// What is known when a sign-in is judged. Of what is not known nothing is unusual.
struct Facts {
  bool first = false;  // of this user nothing is known yet: there is nothing to compare with
  bool known_device = false, known_network = false, known_country = false;
  core::Time now;
  Place place;
  std::optional<Seen> last;
  int64_t accounts = 0;  // that this source tried within an hour
  bool after_failures = false;
  bool moved = false;  // a session was refreshed from another network than before, and the user is not known there
};

struct Judgement {
  std::vector<Signal> signals;
  Action action = Action::off;  // the strictest that one of them leads to
  bool newcomer = false;        // nothing of this user was ever remembered
  bool operator==(const Judgement&) const = default;
};

// Only of rules that are on.
Judgement judge(const Facts& facts, const Rules& rules);
// "new_device new_country", in the order of Signal.
std::string text_of(const std::vector<Signal>& signals);

}  // namespace risk
