// Owns: the rotation of refresh tokens as a pure protocol: (state, presented generation, now) to (verdict, state).
// Does not own: the token's form and MAC (tokens/refresh_token.h), the row (session_store.h).
// Thread rule: pure functions.
//
// Every session has a counter. Presenting the current generation g confirms it and answers g + 1. A lost answer, many
// tabs or a slow page present g again: they get the current token again, so there is one successor and nobody is logged
// out.
#pragma once
#include "sessions/session.h"

namespace sessions {

enum class Verdict {
  rotate,  // the current token: answer its successor
  repeat,  // an older token whose successor is unconfirmed, or was confirmed within the grace: answer the current one
  repeat_late,   // the successor is unconfirmed but was answered longer than the grace ago: answer it again, and record
                 // it
  fast_forward,  // newer than the row: the database went back; never a logout
  theft,         // an older token whose successor has long been in use, or a late one from another device
};

struct RefreshRules {
  core::Seconds grace{30};
};

// `family` is the device family (devices::Family in text form) that presents generation `presented`, whose MAC was
// verified.
Verdict judge(const Rotation& rotation, int64_t presented, std::string_view family, core::Time now,
              const RefreshRules& rules);

// The state after rotate or fast_forward.
Rotation rotated(const Rotation& rotation, int64_t presented, std::string_view family, core::Time now);

}  // namespace sessions
