// Owns: what a sign-in or a refresh gives out.
#pragma once
#include <variant>

#include "access/grants.h"
#include "accounts/user.h"
#include "login/second_step.h"
#include "sessions/session_service.h"

namespace login {

struct SignedIn {
  sessions::Session session;
  crypto::Secret access_token, refresh_token;
  accounts::User user;
  roles::Grants grants;
  core::Seconds access_lifetime{};
  std::optional<core::Uuid> actor = {};  // who impersonates the user
};

// A sign-in that waits for a second factor: no session and no token exist yet.
struct NeedsFactor {
  crypto::Secret token;  // opens nothing but the second step
  core::Seconds expires_in{};
  SecondStep step;
  std::string number;  // that the device shows while it waits for an approval; else empty
};

using SignInOutcome = std::variant<SignedIn, NeedsFactor>;

}  // namespace login
