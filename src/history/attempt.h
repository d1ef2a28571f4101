// Owns: an attempt to sign in, as its user is shown it, read off the record of events.
// Does not own: the events (audit/), who may see them (history_routes.h).
// Thread rule: pure functions on values.
#pragma once
#include <array>

#include "audit/audit_store.h"
#include "core/fields.h"

namespace history {

enum class Outcome { succeeded, refused, factor_asked, approval_asked, noticed, denied };
constexpr std::array<core::Name<Outcome>, 6> names_of(Outcome) {
  using enum Outcome;
  return {{{succeeded, "succeeded"},
           {refused, "refused"},
           {factor_asked, "factor_asked"},
           {approval_asked, "approval_asked"},
           {noticed, "noticed"},
           {denied, "denied"}}};
}

struct Attempt {
  core::Uuid id;  // of its event
  core::Time at;
  Outcome outcome{};
  std::string reason;                // of a refusal, an error's code; what was unusual; else empty
  std::vector<std::string> methods;  // what was proved (RFC 8176), or of what a code was refused
  std::string device, ip_address, request_id;
  std::optional<core::Uuid> session;  // that it made, or is about
};

// The events that are attempts.
const std::vector<std::string>& actions();
// Absent for what is none: another action, or a code that was given by who is signed in.
std::optional<Attempt> attempt_of(const audit::Record& record);

}  // namespace history
