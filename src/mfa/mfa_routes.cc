#include "mfa/mfa_routes.h"

#include "mfa/mfa_json.h"
#include "mfa/qr.h"
#include "sessions/session_json.h"
#include "sessions/session_routes.h"

namespace mfa {
namespace {

using core::Code, core::Result, http::Context, http::Guard, http::NoBody, sessions::origin_of, sessions::session_of,
    sessions::user_of;

Proof proof_of(ProofRequest request) { return {std::move(request.password), request.method, std::move(request.code)}; }

Result<StatusJson> status(Context& context, OwnFactors& own) {
  auto status = TRY(own.status(user_of(context)));
  return StatusJson{std::move(status.methods), status.recovery_codes};
}

Result<EnrolmentJson> begin(Context& context, const BeginTotpRequest& request, OwnFactors& own) {
  return to_json(TRY(own.begin_totp(user_of(context), request.password, origin_of(context))));
}

Result<ConfirmedJson> confirm(Context& context, const ConfirmTotpRequest& request, OwnFactors& own) {
  auto done = TRY(own.confirm_totp(user_of(context), session_of(context), request.code, origin_of(context)));
  return ConfirmedJson{std::move(done.recovery_codes), done.revoked};
}

Result<sessions::RevokedJson> remove(Context& context, ProofRequest request, OwnFactors& own) {
  return sessions::RevokedJson{
      TRY(own.remove_totp(user_of(context), session_of(context), proof_of(std::move(request)), origin_of(context)))};
}

Result<sessions::RevokedJson> remove_of(Context& context, OwnFactors& own) {
  const auto id = TRY(context.path_id<accounts::UserId>("id"));
  return sessions::RevokedJson{TRY(own.remove_of(id, origin_of(context)))};
}

Result<RecoveryCodesJson> renew(Context& context, ProofRequest request, OwnFactors& own) {
  return RecoveryCodesJson{
      TRY(own.renew_recovery_codes(user_of(context), proof_of(std::move(request)), origin_of(context)))};
}

// All that a password or a code is tried at.
http::Operation proving(std::string_view path, std::string_view id, std::string_view summary,
                        std::vector<Code> errors) {
  errors.insert(errors.end(), {Code::too_many_attempts, Code::overloaded});
  return {.method = http::Method::post,
          .path = path,
          .id = id,
          .summary = summary,
          .guard = Guard::session(),
          .budget = http::Budget::sign_ins,
          .errors = std::move(errors)};
}

}  // namespace

EnrolmentJson to_json(Enrolment made) {
  auto qr = qr_svg(made.uri);
  return {std::move(made.seed), std::move(made.uri), std::move(qr)};
}

std::vector<http::Route> routes(OwnFactors& own) {
  using http::route;
  std::vector<http::Route> all;
  all.push_back(route<NoBody, StatusJson>({.method = http::Method::get,
                                           .path = "/auth/mfa",
                                           .id = "secondFactors",
                                           .summary = "The caller's second factors.",
                                           .guard = Guard::session()},
                                          [&own](Context& c) { return status(c, own); }));
  all.push_back(route<BeginTotpRequest, EnrolmentJson>(
      proving("/auth/mfa/totp", "beginTotp", "Begin to add an authenticator app (RFC 6238).",
              {Code::wrong_password, Code::factor_exists, Code::factor_not_allowed, Code::conflict}),
      [&own](Context& c, const BeginTotpRequest& r) { return begin(c, r, own); }));
  all.push_back(route<ConfirmTotpRequest, ConfirmedJson>(
      proving("/auth/mfa/totp/confirm", "confirmTotp",
              "Show that the app knows its secret; it is asked for from then on, and the other sessions end.",
              {Code::otp_invalid, Code::factor_exists}),
      [&own](Context& c, const ConfirmTotpRequest& r) { return confirm(c, r, own); }));
  all.push_back(route<ProofRequest, sessions::RevokedJson>(
      proving("/auth/mfa/totp/remove", "removeTotp",
              "Remove the authenticator app and the recovery codes; ends the other sessions.",
              {Code::wrong_password, Code::otp_invalid, Code::not_found, Code::conflict}),
      [&own](Context& c, ProofRequest r) { return remove(c, std::move(r), own); }));
  all.push_back(route<ProofRequest, RecoveryCodesJson>(
      proving("/auth/mfa/recovery-codes", "renewRecoveryCodes", "New recovery codes in the place of the old ones.",
              {Code::wrong_password, Code::otp_invalid, Code::not_found, Code::conflict}),
      [&own](Context& c, ProofRequest r) { return renew(c, std::move(r), own); }));
  all.push_back(route<NoBody, sessions::RevokedJson>(
      {.method = http::Method::delete_,
       .path = "/users/{id}/mfa",
       .id = "removeUserFactors",
       .summary = "Remove the second factor and the passkeys of a user who lost them; ends every session.",
       .guard = Guard::permission("users:write").recently(),
       .errors = {Code::not_found, Code::grant_exceeds_own}},
      [&own](Context& c) { return remove_of(c, own); }));
  return all;
}

}  // namespace mfa
