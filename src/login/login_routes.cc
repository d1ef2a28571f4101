#include "login/login_routes.h"

#include <algorithm>

#include "core/beat.h"
#include "login/approval_routes.h"
#include "login/enrolment_routes.h"
#include "login/login_json.h"
#include "sessions/session_routes.h"
#include "webauthn/passkey_routes.h"

namespace login {
namespace {

using core::Code, core::Result, http::Context, http::Guard, http::Method, http::NoBody, sessions::origin_of,
    sessions::session_of, sessions::user_of;

const std::string sent_if_known = "If the address has an account that waits for it, a code is on its way.";

int64_t count(core::Seconds s) { return s.count(); }

Result<Registered> register_account(Context& context, RegisterRequest request, const RouteParts& parts) {
  const core::Beat beat;
  const NewAccount account{std::move(request.email), std::move(request.password), std::move(request.first_name),
                           std::move(request.last_name), request.account_type};
  auto email = TRY(parts.registration.register_account(account, origin_of(context)));
  return Registered{"A code has been mailed to the address.", std::move(email), count(parts.code_life)};
}

Result<SignInJson> verify_email(Context& context, VerifyRequest request, const RouteParts& parts) {
  const core::Beat beat;
  const auto device = device_of(context, request.device, parts);
  return to_json(TRY(parts.service.verify_email(request.email, request.otp, device, origin_of(context, device))),
                 parts);
}

Result<Message> resend(Context& context, EmailRequest request, const RouteParts& parts) {
  const core::Beat beat;
  TRY(parts.registration.resend(request.email, origin_of(context)));
  return Message{sent_if_known};
}

Result<SignInJson> sign_in(Context& context, LoginRequest request, const RouteParts& parts, Leaving leaving) {
  const core::Beat beat;
  const auto device = device_of(context, request.device, parts);
  return to_json(TRY(parts.service.login(request.email, request.password, device, origin_of(context, device), leaving)),
                 parts);
}

Result<SignInJson> verify_factor(Context& context, const VerifyFactorRequest& request, const RouteParts& parts) {
  const auto device = device_of(context, request.device, parts);
  return to_json(
      TRY(parts.service.verify_factor(request.token, request.method, request.code, device, origin_of(context, device))),
      parts);
}

Result<TokensJson> passkey_sign_in(Context& context, PasskeySignInRequest request, const RouteParts& parts) {
  const auto answer = TRY(webauthn::assertion_of(std::move(request.credential)));
  const auto device = device_of(context, request.device, parts);
  const auto leaving = request.restore.value_or(false) ? Leaving::restored : Leaving::refused;
  return to_json(TRY(parts.passkeys.sign_in(answer, device, origin_of(context, device), leaving)), parts);
}

Result<TokensJson> step_up_by_passkey(Context& context, PasskeyProofRequest request, const RouteParts& parts) {
  const auto answer = TRY(webauthn::assertion_of(std::move(request.credential)));
  return to_json(TRY(parts.step_up.prove_by_passkey(user_of(context), session_of(context), answer, origin_of(context))),
                 parts);
}

Result<TokensJson> step_up(Context& context, const StepUpRequest& request, const RouteParts& parts) {
  return to_json(TRY(parts.step_up.prove(user_of(context), session_of(context), request.method, request.proof,
                                         origin_of(context))),
                 parts);
}

Result<Message> send_step_up_code(Context& context, const RouteParts& parts) {
  TRY(parts.step_up.send_code(user_of(context), session_of(context)));
  return Message{"A code is on its way to the account's address."};
}

std::string family_of(const Context& context, const RouteParts& parts) {
  return devices::family_of({}, context.request.header("User-Agent"), parts.agents).str();
}

Result<TokensJson> refresh(Context& context, RefreshRequest request, const RouteParts& parts) {
  return to_json(TRY(parts.service.refresh(request.refresh_token, family_of(context, parts), origin_of(context))),
                 parts);
}

void begin_refresh(Context& context, const RouteParts& parts, http::Owed owed) {
  auto request = core::decode<RefreshRequest>(context.request.body);
  if (!request) return owed.give(std::unexpected(std::move(request).error()));
  if (!parts.agents.remembers(context.request.header("User-Agent"))) return owed.decline();
  parts.service.begin_refresh(request->refresh_token, family_of(context, parts), origin_of(context),
                              [&parts, owed = std::move(owed)](std::optional<Result<SignedIn>> fresh) mutable {
                                if (!fresh) owed.decline();
                                else if (!*fresh) owed.give(std::unexpected(std::move(*fresh).error()));
                                else owed.give(http::Response{.body = core::encode(to_json(**fresh, parts))});
                              });
}

Result<NoBody> logout(Context& context, const RouteParts& parts) {
  context.headers.emplace_back("Clear-Site-Data", "\"cache\"");
  TRY(parts.service.logout(user_of(context), session_of(context), origin_of(context)));
  return NoBody{};
}

Result<sessions::RevokedJson> logout_all(Context& context, const RouteParts& parts) {
  const auto except = context.query_value("except");
  if (except && *except != "current") return core::fail_field("except", "not_allowed", "must be current");
  const auto kept = except ? std::optional(session_of(context)) : std::nullopt;
  return sessions::RevokedJson{TRY(parts.service.logout_all(user_of(context), kept, origin_of(context)))};
}

Result<UserAnswer> rename(Context& context, RenameRequest request, const RouteParts& parts) {
  const accounts::UserId id{context.caller->user};
  const auto user =
      TRY(parts.users.rename(id, {std::move(request.first_name), std::move(request.last_name)}, origin_of(context)));
  const auto grants =
      TRY(parts.transactor.reading([&](core::Tx& tx) { return parts.access.grants_of(tx, id, parts.clock.now()); }));
  return UserAnswer{accounts::to_json(user, grants.roles)};
}

}  // namespace

devices::Device device_of(const http::Context& context, const std::optional<sessions::DeviceJson>& sent,
                          const RouteParts& parts) {
  return devices::complete(sessions::to_device(sent), context.request.header("User-Agent"), parts.agents);
}

TokensJson to_json(const SignedIn& signed_in, const RouteParts& parts) {
  const auto lifetimes = parts.session_config.lifetimes(signed_in.grants.roles);
  return {.access_token = signed_in.access_token,
          .refresh_token = signed_in.refresh_token,
          .expires_in = count(signed_in.access_lifetime),
          .refresh_expires_in =
              count(sessions::life_of_token(lifetimes.idle, signed_in.session, lifetimes, parts.clock.now())),
          .session = signed_in.session.id,
          .user = accounts::to_json(signed_in.user, signed_in.grants.roles)};
}

SignInJson to_json(const SignInOutcome& outcome, const RouteParts& parts) {
  if (const auto* signed_in = std::get_if<SignedIn>(&outcome)) return to_json(*signed_in, parts);
  const auto& asked = std::get<NeedsFactor>(outcome);
  return MfaRequiredJson{.token = asked.token,
                         .expires_in = count(asked.expires_in),
                         .methods = asked.step.methods,
                         .enrol = asked.step.enrol,
                         .approval_number = asked.number.empty() ? std::nullopt : std::optional(asked.number)};
}

std::vector<http::Route> routes(const RouteParts& p) {
  using http::route;
  const auto post = Method::post;
  std::vector<http::Route> all;
  all.push_back(route<RegisterRequest, Registered>(
      {.method = post,
       .path = "/auth/register",
       .id = "register",
       .summary = "Make an account; a code is mailed to the address.",
       .guard = Guard::open(),
       .status = 201,
       .budget = http::Budget::mails,
       .errors = {Code::password_rejected, Code::overloaded, Code::store_unavailable}},
      [p](Context& c, RegisterRequest r) { return register_account(c, std::move(r), p); }));
  all.push_back(route<VerifyRequest, SignInJson>(
      {.method = post,
       .path = "/auth/verify-email",
       .id = "verifyEmail",
       .summary = "Prove the address with the code; signs in.",
       .guard = Guard::open(),
       .budget = http::Budget::sign_ins,
       .errors = {Code::otp_invalid, Code::session_limit, Code::sign_in_refused, Code::store_unavailable}},
      [p](Context& c, VerifyRequest r) { return verify_email(c, std::move(r), p); }));
  all.push_back(route<EmailRequest, Message>({.method = post,
                                              .path = "/auth/resend-otp",
                                              .id = "resendOtp",
                                              .summary = "Mail a new code to an unverified account.",
                                              .guard = Guard::open(),
                                              .status = 202,
                                              .budget = http::Budget::mails,
                                              .errors = {Code::store_unavailable}},
                                             [p](Context& c, EmailRequest r) { return resend(c, std::move(r), p); }));
  all.push_back(route<LoginRequest, SignInJson>(
      {.method = post,
       .path = "/auth/login",
       .id = "login",
       .summary = "Sign in by password; a user with a second factor is asked for it.",
       .guard = Guard::open(),
       .budget = http::Budget::sign_ins,
       .errors = {Code::invalid_credentials, Code::too_many_attempts, Code::email_not_verified, Code::session_limit,
                  Code::sign_in_refused, Code::account_disabled, Code::account_deletion_pending, Code::overloaded,
                  Code::store_unavailable}},
      [p](Context& c, LoginRequest r) { return sign_in(c, std::move(r), p, Leaving::refused); }));
  all.push_back(route<LoginRequest, SignInJson>(
      {.method = post,
       .path = "/auth/restore-account",
       .id = "restoreAccount",
       .summary = "Sign in, and take back that the account is to be deleted.",
       .guard = Guard::open(),
       .budget = http::Budget::sign_ins,
       .errors = {Code::invalid_credentials, Code::too_many_attempts, Code::email_not_verified, Code::session_limit,
                  Code::sign_in_refused, Code::account_disabled, Code::overloaded, Code::store_unavailable}},
      [p](Context& c, LoginRequest r) { return sign_in(c, std::move(r), p, Leaving::restored); }));
  all.push_back(route<VerifyFactorRequest, SignInJson>(
      {.method = post,
       .path = "/auth/mfa/verify",
       .id = "verifyFactor",
       .summary = "Complete a sign-in by a second factor.",
       .guard = Guard::open(),
       .budget = http::Budget::sign_ins,
       .errors = {Code::mfa_token_invalid, Code::factor_not_allowed, Code::otp_invalid, Code::too_many_attempts,
                  Code::session_limit, Code::sign_in_refused, Code::store_unavailable}},
      [p](Context& c, const VerifyFactorRequest& r) { return verify_factor(c, r, p); }));
  all.push_back(route<PasskeySignInRequest, TokensJson>(
      {.method = post,
       .path = "/auth/passkeys/sign-in",
       .id = "passkeySignIn",
       .summary = "Sign in by a passkey, without password and user name; counts as both factors.",
       .guard = Guard::open(),
       .budget = http::Budget::sign_ins,
       .errors = {Code::passkey_invalid, Code::session_limit, Code::sign_in_refused, Code::account_deletion_pending,
                  Code::store_unavailable}},
      [p](Context& c, PasskeySignInRequest r) { return passkey_sign_in(c, std::move(r), p); }));
  all.push_back(route<StepUpRequest, TokensJson>(
      {.method = post,
       .path = "/auth/step-up",
       .id = "stepUp",
       .summary = "Prove anew who you are; the same session, with tokens that say so.",
       .guard = Guard::session(),
       .budget = http::Budget::sign_ins,
       .errors = {Code::wrong_password, Code::otp_invalid, Code::too_many_attempts, Code::conflict, Code::overloaded}},
      [p](Context& c, const StepUpRequest& r) { return step_up(c, r, p); }));
  all.push_back(route<PasskeyProofRequest, TokensJson>(
      {.method = post,
       .path = "/auth/step-up/passkey",
       .id = "stepUpByPasskey",
       .summary = "Prove anew who you are by a passkey; the same session, with tokens that say so.",
       .guard = Guard::session(),
       .budget = http::Budget::sign_ins,
       .errors = {Code::passkey_invalid, Code::conflict}},
      [p](Context& c, PasskeyProofRequest r) { return step_up_by_passkey(c, std::move(r), p); }));
  all.push_back(route<NoBody, Message>({.method = post,
                                        .path = "/auth/step-up/email-code",
                                        .id = "sendStepUpCode",
                                        .summary = "Mail a code for step-up by email_code in this session.",
                                        .guard = Guard::session(),
                                        .status = 202,
                                        .budget = http::Budget::mails,
                                        .errors = {Code::validation_failed}},
                                       [p](Context& c) { return send_step_up_code(c, p); }));
  auto refreshing = route<RefreshRequest, TokensJson>(
      {.method = post,
       .path = "/auth/refresh",
       .id = "refresh",
       .summary = "Exchange a refresh token for its successor.",
       .guard = Guard::open(),
       .errors = {Code::refresh_invalid, Code::session_ended, Code::account_disabled, Code::store_unavailable}},
      [p](Context& c, RefreshRequest r) { return refresh(c, std::move(r), p); });
  refreshing.later = [p](Context& c, http::Owed owed) { begin_refresh(c, p, std::move(owed)); };
  all.push_back(std::move(refreshing));
  all.push_back(route<NoBody, NoBody>({.method = post,
                                       .path = "/auth/logout",
                                       .id = "logout",
                                       .summary = "End the caller's session.",
                                       .guard = Guard::session().impersonated(),
                                       .status = 204},
                                      [p](Context& c) { return logout(c, p); }));
  all.push_back(route<NoBody, sessions::RevokedJson>({.method = Method::delete_,
                                                      .path = "/auth/sessions",
                                                      .id = "revokeAllSessions",
                                                      .summary = "Sign out all of the caller's devices.",
                                                      .guard = Guard::session(),
                                                      .query = {{"except", "`current` keeps the session that asks."}},
                                                      .errors = {Code::validation_failed}},
                                                     [p](Context& c) { return logout_all(c, p); }));
  all.push_back(
      route<RenameRequest, UserAnswer>({.method = Method::patch,
                                        .path = "/auth/me",
                                        .id = "updateMe",
                                        .summary = "Change the caller's name.",
                                        .guard = Guard::session()},
                                       [p](Context& c, RenameRequest r) { return rename(c, std::move(r), p); }));
  std::ranges::move(enrolment_routes(p), std::back_inserter(all));
  std::ranges::move(approval_routes(p), std::back_inserter(all));
  return all;
}

}  // namespace login
