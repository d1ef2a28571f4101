// Owns: who passes a guard: reading `Authorization: Bearer` (RFC 6750) and asking the check.
// Does not own: the check (sessions/checker.h).
// Thread rule: bearer_token() anywhere; admit() on worker threads.
#pragma once
#include "http/route.h"
#include "login/step_up.h"
#include "sessions/checker.h"

namespace login {

// The token of the only Authorization header. Errors: token_missing; token_malformed for a second header, another
// scheme, other than one space before it, or characters that no token has.
core::Result<std::string_view> bearer_token(const http::Request& request);

class Gate final : public http::Gate {
 public:
  Gate(sessions::Checker& checker, StepUp& step_up) : checker_(checker), step_up_(step_up) {}
  core::Result<http::Caller> admit(const http::Request& request, const http::Guard& guard) override;

 private:
  sessions::Checker& checker_;
  StepUp& step_up_;
};

}  // namespace login
