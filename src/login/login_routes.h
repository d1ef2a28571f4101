// Owns: sign-up, sign-in, refresh and sign-out over HTTP.
#pragma once
#include "accounts/user_service.h"
#include "devices/user_agent.h"
#include "http/route.h"
#include "login/late_enrolment.h"
#include "login/login_json.h"
#include "login/login_service.h"
#include "login/passkey_sign_in.h"
#include "login/registration_service.h"
#include "login/step_up.h"
#include "risk/approvals.h"

namespace login {

struct RouteParts {
  Service& service;
  Registration& registration;
  StepUp& step_up;
  PasskeySignIn& passkeys;
  LateEnrolment& late_enrolment;
  risk::Approvals& approvals;
  const webauthn::Config& passkey_config;
  accounts::Service& users;
  roles::Service& access;
  core::Transactor& transactor;
  const core::Clock& clock;
  const devices::UserAgents& agents;
  const tokens::Config& token_config;
  const sessions::Config& session_config;
  core::Seconds code_life;
};

// What a sign-in gives out.
TokensJson to_json(const SignedIn& signed_in, const RouteParts& parts);
using SignInJson = std::variant<TokensJson, MfaRequiredJson>;
SignInJson to_json(const SignInOutcome& outcome, const RouteParts& parts);
// What the client says of its device, completed by its User-Agent.
devices::Device device_of(const http::Context& context, const std::optional<sessions::DeviceJson>& sent,
                          const RouteParts& parts);

// With those of enrolment_routes.h and approval_routes.h.
std::vector<http::Route> routes(const RouteParts& parts);

}  // namespace login
