#include "login/enrolment_routes.h"

#include "mfa/mfa_routes.h"
#include "sessions/session_routes.h"
#include "webauthn/passkey_routes.h"

namespace login {
namespace {

using core::Code, core::Result, http::Context, sessions::origin_of;

Result<mfa::EnrolmentJson> begin_totp(Context& context, const MfaTokenRequest& request, const RouteParts& parts) {
  return mfa::to_json(TRY(parts.late_enrolment.begin_totp(request.token, origin_of(context))));
}

Result<EnrolledJson> confirm_totp(Context& context, const ConfirmLateTotpRequest& request, const RouteParts& parts) {
  const auto device = device_of(context, request.device, parts);
  auto done = TRY(parts.late_enrolment.confirm_totp(request.token, request.code, device, origin_of(context, device)));
  return EnrolledJson{to_json(done.signed_in, parts), std::move(done.recovery_codes)};
}

Result<webauthn::CreationOptionsJson> begin_passkey(Context& context, const MfaTokenRequest& request,
                                                    const RouteParts& parts) {
  return webauthn::to_json(TRY(parts.late_enrolment.begin_passkey(request.token, origin_of(context))),
                           parts.passkey_config);
}

Result<TokensJson> add_passkey(Context& context, AddLatePasskeyRequest request, const RouteParts& parts) {
  const auto device = device_of(context, request.device, parts);
  const auto answer = TRY(webauthn::attestation_of(std::move(request.credential)));
  return to_json(
      TRY(parts.late_enrolment.add_passkey(request.token, answer, webauthn::name_of(std::move(request.passkey_name)),
                                           device, origin_of(context, device))),
      parts);
}

http::Operation enrolling(std::string_view path, std::string_view id, std::string_view summary,
                          std::vector<Code> errors) {
  errors.insert(errors.end(),
                {Code::mfa_token_invalid, Code::factor_not_allowed, Code::too_many_attempts, Code::store_unavailable});
  return {.method = http::Method::post,
          .path = path,
          .id = id,
          .summary = summary,
          .guard = http::Guard::open(),
          .budget = http::Budget::sign_ins,
          .errors = std::move(errors)};
}

}  // namespace

std::vector<http::Route> enrolment_routes(const RouteParts& p) {
  using http::route;
  std::vector<http::Route> all;
  all.push_back(route<MfaTokenRequest, mfa::EnrolmentJson>(
      enrolling("/auth/mfa/enrol/totp", "beginTotpAtSignIn",
                "Begin to add the authenticator app that a sign-in waits for.", {}),
      [p](Context& c, const MfaTokenRequest& r) { return begin_totp(c, r, p); }));
  all.push_back(route<ConfirmLateTotpRequest, EnrolledJson>(
      enrolling("/auth/mfa/enrol/totp/confirm", "confirmTotpAtSignIn",
                "Show that the app knows its secret; completes the sign-in, and the other sessions end.",
                {Code::otp_invalid, Code::too_many_attempts, Code::session_limit, Code::sign_in_refused}),
      [p](Context& c, const ConfirmLateTotpRequest& r) { return confirm_totp(c, r, p); }));
  all.push_back(route<MfaTokenRequest, webauthn::CreationOptionsJson>(
      enrolling("/auth/mfa/enrol/passkey/options", "beginPasskeyAtSignIn",
                "Begin to add the passkey that a sign-in waits for.", {}),
      [p](Context& c, const MfaTokenRequest& r) { return begin_passkey(c, r, p); }));
  all.push_back(route<AddLatePasskeyRequest, TokensJson>(
      enrolling("/auth/mfa/enrol/passkey", "addPasskeyAtSignIn",
                "Add the passkey that a sign-in waits for; completes the sign-in.",
                {Code::passkey_invalid, Code::passkey_exists, Code::session_limit, Code::sign_in_refused}),
      [p](Context& c, AddLatePasskeyRequest r) { return add_passkey(c, std::move(r), p); }));
  return all;
}

}  // namespace login
