// Owns: the settings of sessions.
#pragma once
#include "access/role_store.h"
#include "sessions/policy.h"
#include "sessions/refresh.h"

namespace sessions {

// What becomes of a sign-in when a user has as many sessions as sessions.limit allows.
enum class AtLimit { end_oldest, refuse };
constexpr std::array<core::Name<AtLimit>, 2> names_of(AtLimit) {
  return {{{AtLimit::end_oldest, "end_oldest"}, {AtLimit::refuse, "refuse"}}};
}

struct Config {
  core::Seconds idle_timeout = std::chrono::days(30);
  core::Seconds absolute_timeout = std::chrono::days(365);
  core::NamedDurations role_idle_timeouts, role_absolute_timeouts;
  core::Seconds refresh_grace{30};
  core::Seconds ended_retention = std::chrono::days(90);
  core::Seconds step_up_after = std::chrono::minutes(15);
  core::Seconds impersonation_timeout = std::chrono::hours(1);
  bool impersonation_mail = true;
  int64_t cache_entries = 1'000'000;
  int64_t limit = 0;
  AtLimit at_limit = AtLimit::end_oldest;
  Reactions reactions;

  bool depends_on_roles() const { return !role_idle_timeouts.empty() || !role_absolute_timeouts.empty(); }
  // Of the sessions of who holds `roles` directly: the shortest that applies.
  Lifetimes lifetimes(const std::vector<std::string>& roles) const;
  Lifetimes lifetimes(const roles::UserRoles& held, core::Time now) const;
  RefreshRules refresh_rules() const { return {.grace = refresh_grace}; }
};

inline Lifetimes Config::lifetimes(const std::vector<std::string>& roles) const {
  Lifetimes shortest{.idle = idle_timeout, .absolute = absolute_timeout};
  const auto shorten = [](core::Seconds& value, const core::NamedDurations& by_role, const std::string& role) {
    if (const auto found = by_role.find(role); found != by_role.end()) value = std::min(value, found->second);
  };
  for (const auto& role : roles) {
    shorten(shortest.idle, role_idle_timeouts, role);
    shorten(shortest.absolute, role_absolute_timeouts, role);
  }
  return shortest;
}

inline Lifetimes Config::lifetimes(const roles::UserRoles& held, core::Time now) const {
  std::vector<std::string> names;
  if (!depends_on_roles()) return lifetimes(names);
  for (const auto& assignment : held.assignments)
    if (assignment.current(now)) names.push_back(assignment.role);
  return lifetimes(names);
}

inline void declare(core::Settings& settings, Config& config) {
  settings.add("sessions.idle_timeout", config.idle_timeout, "A session that is not used for this long ends.",
               {.min = 60});
  settings.add("sessions.absolute_timeout", config.absolute_timeout,
               "A session ends after this long, however much it is used.", {.min = 60});
  settings.add("sessions.role_idle_timeouts", config.role_idle_timeouts,
               "Shorter sessions.idle_timeout of roles' direct holders, such as admin=15m.", {.min = 60});
  settings.add("sessions.role_absolute_timeouts", config.role_absolute_timeouts,
               "Shorter sessions.absolute_timeout of roles' direct holders, such as admin=12h.", {.min = 60});
  settings.add("sessions.refresh_grace", config.refresh_grace,
               "How long an older refresh token is answered with the current one after its successor was used.",
               {.min = 0, .max = 3600});
  settings.add("sessions.ended_retention", config.ended_retention,
               "How long ended sessions are kept, so that their tokens are refused with the reason.", {.min = 86'400});
  settings.add("sessions.limit", config.limit, "How many sessions a user may have at the same time; 0: any.",
               {.max = 1000});
  settings.add(
      "sessions.at_limit", config.at_limit,
      "What a sign-in beyond sessions.limit does: it ends the session that was not used for longest, or is refused.");
  settings.add("sessions.step_up_after", config.step_up_after,
               "How long after proving who he is a user may do what needs a recent proof; 0s: always.",
               {.max = 86'400});
  settings.add("sessions.impersonation_timeout", config.impersonation_timeout,
               "How long who holds users:impersonate may act in the name of a user before he begins anew.",
               {.min = 60, .max = 43'200});
  settings.add("sessions.impersonation_mail", config.impersonation_mail,
               "Whether a mail tells a user that somebody begins to act in his name, and why.");
  settings.add("sessions.cache_entries", config.cache_entries, "How many sessions are held in memory.", {.min = 100});
  for (const EventRow& row : events)
    settings.add("sessions.on_" + std::string(row.setting), config.reactions.*row.chosen,
                 "What becomes of a user's sessions when " + std::string(row.doc) + '.');
}

// One that is longer would have no effect.
inline core::Result<> check_shorter(std::string_view setting, const core::NamedDurations& by_role, core::Seconds most) {
  for (const auto& [role, value] : by_role)
    if (value > most)
      return core::fail(core::Code::validation_failed, "sessions.role_" + std::string(setting) + "s of " + role +
                                                           " must not be longer than sessions." + std::string(setting));
  return {};
}

inline core::Result<> check(const Config& config) {
  TRY(check_shorter("idle_timeout", config.role_idle_timeouts, config.idle_timeout));
  TRY(check_shorter("absolute_timeout", config.role_absolute_timeouts, config.absolute_timeout));
  return check(config.reactions, config.step_up_after);
}

}  // namespace sessions
