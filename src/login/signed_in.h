// Owns: what a sign-in or a refresh gives out.
#pragma once
#include "access/grants.h"
#include "accounts/user.h"
#include "sessions/session_service.h"

namespace login {

struct SignedIn {
  sessions::Session session;
  crypto::Secret access_token, refresh_token;
  accounts::User user;
  roles::Grants grants;
  core::Seconds access_lifetime{};
};

}  // namespace login
