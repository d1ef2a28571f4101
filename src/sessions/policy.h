// Owns: what an event of an account does to its sessions, as one table of the events and their settings.
// Does not own: doing it (Service::react), ends that somebody asks for (sign-out, deletion, "this was not me").
// Thread rule: values and pure functions.
#pragma once
#include "core/settings.h"
#include "sessions/session.h"

namespace sessions {

// From the mildest to the hardest. The others are all but the session in which the event came about, if it did in one.
enum class Reaction {
  keep,
  step_up,  // the others stay, but their proofs of who the user is do not count any more
  end_others,
  end_all
};
constexpr std::array<core::Name<Reaction>, 4> names_of(Reaction) {
  using enum Reaction;
  return {{{keep, "keep"}, {step_up, "step_up"}, {end_others, "end_others"}, {end_all, "end_all"}}};
}

enum class Event {
  password_changed,
  password_reset,
  factor_added,
  passkey_added,
  factor_removed,
  factors_taken_away,
  email_changed,
  roles_changed,
  disabled
};

struct Reactions {
  Reaction password_change = Reaction::end_others;
  Reaction password_reset = Reaction::end_all;
  Reaction factor_added = Reaction::end_others;
  Reaction passkey_added = Reaction::keep;
  Reaction factor_removed = Reaction::end_others;
  Reaction factors_taken_away = Reaction::end_all;
  Reaction email_change = Reaction::end_others;
  Reaction role_change = Reaction::keep;
  Reaction disable = Reaction::end_all;
};

struct EventRow {
  Event event;
  std::string_view setting;  // behind "sessions.on_"
  Reaction Reactions::* chosen;
  Reaction mildest;  // that may be chosen
  EndReason reason;  // of the ends
  std::string_view doc;
};

// In the order of Event.
constexpr EventRow events[] = {
    {Event::password_changed, "password_change", &Reactions::password_change, Reaction::step_up,
     EndReason::password_changed, "a user changes his password"},
    {Event::password_reset, "password_reset", &Reactions::password_reset, Reaction::end_all,
     EndReason::password_changed, "a password is reset by a mailed code"},
    {Event::factor_added, "factor_added", &Reactions::factor_added, Reaction::keep, EndReason::factor_changed,
     "an authenticator app is added"},
    {Event::passkey_added, "passkey_added", &Reactions::passkey_added, Reaction::keep, EndReason::factor_changed,
     "a passkey is added"},
    {Event::factor_removed, "factor_removed", &Reactions::factor_removed, Reaction::step_up, EndReason::factor_changed,
     "a user removes an authenticator app or a passkey"},
    {Event::factors_taken_away, "factors_taken_away", &Reactions::factors_taken_away, Reaction::end_all,
     EndReason::factor_changed, "an administrator removes all factors of a user"},
    {Event::email_changed, "email_change", &Reactions::email_change, Reaction::step_up, EndReason::email_changed,
     "a user's e-mail address changes"},
    {Event::roles_changed, "role_change", &Reactions::role_change, Reaction::keep, EndReason::roles_changed,
     "a role is given to a user or taken away"},
    {Event::disabled, "disable", &Reactions::disable, Reaction::end_all, EndReason::account_disabled,
     "an account is disabled"}};

constexpr const EventRow& row_of(Event event) { return events[static_cast<size_t>(event)]; }

// Refuses what would leave open what the event is to close. `step_up_after`: sessions.step_up_after.
inline core::Result<> check(const Reactions& reactions, core::Seconds step_up_after) {
  for (const EventRow& row : events) {
    const Reaction chosen = reactions.*row.chosen;
    const auto name = "sessions.on_" + std::string(row.setting);
    if (chosen < row.mildest)
      return core::fail(core::Code::validation_failed,
                        name + " must not be milder than " + std::string(core::to_text(row.mildest)));
    if (chosen == Reaction::step_up && step_up_after == core::Seconds(0))
      return core::fail(core::Code::validation_failed,
                        name + " step_up needs sessions.step_up_after: without it no proof is ever asked for");
  }
  return {};
}

}  // namespace sessions
