#include "passwords/password_routes.h"

#include "core/beat.h"
#include "crypto/settings.h"
#include "sessions/session_json.h"
#include "sessions/session_routes.h"

namespace passwords {
namespace {

using core::Code, core::field, core::length, core::Result, http::Context, http::Guard, http::Method;

struct ForgotRequest {
  std::string email;
  static constexpr std::string_view name = "ForgotPasswordRequest";
  static constexpr auto fields() {
    return std::tuple{field("email", &ForgotRequest::email, "The account's address.", length(1, 320))};
  }
};

struct ForgotAnswer {
  std::string message;
  static constexpr std::string_view name = "ForgotPasswordAnswer";
  static constexpr auto fields() { return std::tuple{field("message", &ForgotAnswer::message, "For people.")}; }
};

struct ResetRequest {
  std::string email;
  crypto::Secret otp, new_password;
  static constexpr std::string_view name = "ResetPasswordRequest";
  static constexpr auto fields() {
    return std::tuple{
        field("email", &ResetRequest::email, "The account's address.", length(1, 320)),
        field("otp", &ResetRequest::otp, "The six digits of the mail.", length(1, 64)),
        field("newPassword", &ResetRequest::new_password, "8 to 256 characters, taken as they are.", length(1, 4096))};
  }
};

struct ChangeRequest {
  crypto::Secret current_password, new_password;
  static constexpr std::string_view name = "ChangePasswordRequest";
  static constexpr auto fields() {
    return std::tuple{
        field("currentPassword", &ChangeRequest::current_password, "The password until now.", length(1, 4096)),
        field("newPassword", &ChangeRequest::new_password, "8 to 256 characters, taken as they are.", length(1, 4096))};
  }
};

Result<ForgotAnswer> forgot(Context& context, const ForgotRequest& request, Service& service) {
  const core::Beat beat;
  TRY(service.forgot(request.email, sessions::origin_of(context)));
  return ForgotAnswer{"If the address has an account, a code is on its way."};
}

Result<sessions::RevokedJson> reset(Context& context, const ResetRequest& request, Service& service) {
  const core::Beat beat;
  return sessions::RevokedJson{
      TRY(service.reset(request.email, request.otp, request.new_password, sessions::origin_of(context)))};
}

Result<sessions::RevokedJson> change(Context& context, const ChangeRequest& request, Service& service) {
  const core::Beat beat;
  return sessions::RevokedJson{
      TRY(service.change(sessions::user_of(context), sessions::session_of(context), request.current_password,
                         request.new_password, sessions::origin_of(context)))};
}

}  // namespace

std::vector<http::Route> routes(Service& service) {
  std::vector<http::Route> all;
  all.push_back(http::route<ForgotRequest, ForgotAnswer>(
      {.method = Method::post,
       .path = "/auth/forgot-password",
       .id = "forgotPassword",
       .summary = "Mail a code to reset the password.",
       .guard = Guard::open(),
       .status = 202,
       .budget = http::Budget::mails,
       .errors = {Code::store_unavailable}},
      [&service](Context& c, const ForgotRequest& r) { return forgot(c, r, service); }));
  all.push_back(http::route<ResetRequest, sessions::RevokedJson>(
      {.method = Method::post,
       .path = "/auth/reset-password",
       .id = "resetPassword",
       .summary = "Set a new password with the code; ends every session.",
       .guard = Guard::open(),
       .budget = http::Budget::sign_ins,
       .errors = {Code::otp_invalid, Code::password_rejected, Code::overloaded, Code::store_unavailable}},
      [&service](Context& c, const ResetRequest& r) { return reset(c, r, service); }));
  all.push_back(http::route<ChangeRequest, sessions::RevokedJson>(
      {.method = Method::post,
       .path = "/auth/change-password",
       .id = "changePassword",
       .summary = "Set a new password; ends the other sessions.",
       .guard = Guard::session(),
       .budget = http::Budget::sign_ins,
       .errors = {Code::wrong_password, Code::too_many_attempts, Code::password_rejected, Code::conflict,
                  Code::overloaded}},
      [&service](Context& c, const ChangeRequest& r) { return change(c, r, service); }));
  return all;
}

}  // namespace passwords
