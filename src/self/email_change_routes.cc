#include "self/email_change_routes.h"

#include "core/beat.h"
#include "crypto/settings.h"
#include "sessions/session_routes.h"

namespace self {
namespace {

using core::Code, core::field, core::length, core::Result, http::Context, http::Guard, http::Method;

struct ChangeEmailRequest {
  std::string new_email;
  crypto::Secret password;
  static constexpr std::string_view name = "ChangeEmailRequest";
  static constexpr auto fields() {
    return std::tuple{field("newEmail", &ChangeEmailRequest::new_email, "The address to be.", length(1, 320)),
                      field("password", &ChangeEmailRequest::password, "The account's password.", length(1, 4096))};
  }
};

struct ChangeEmailAnswer {
  std::string message;
  static constexpr std::string_view name = "ChangeEmailAnswer";
  static constexpr auto fields() { return std::tuple{field("message", &ChangeEmailAnswer::message, "For people.")}; }
};

struct ConfirmEmailRequest {
  crypto::Secret current_code, new_code;
  static constexpr std::string_view name = "ConfirmEmailRequest";
  static constexpr auto fields() {
    return std::tuple{
        field("currentCode", &ConfirmEmailRequest::current_code, "That the old address got.", length(1, 64)),
        field("newCode", &ConfirmEmailRequest::new_code, "That the new address got.", length(1, 64))};
  }
};

struct EmailChangedJson {
  std::string email;
  int64_t revoked = 0;
  static constexpr std::string_view name = "EmailChanged";
  static constexpr auto fields() {
    return std::tuple{field("email", &EmailChangedJson::email, "The account's address from now on."),
                      field("revoked", &EmailChangedJson::revoked, "How many sessions ended.")};
  }
};

Result<ChangeEmailAnswer> ask(Context& context, const ChangeEmailRequest& request, EmailChange& change) {
  const core::Beat beat;
  TRY(change.ask(sessions::user_of(context), request.new_email, request.password, sessions::origin_of(context)));
  return ChangeEmailAnswer{"Two codes are on their way: one to the old address, one to the new."};
}

Result<EmailChangedJson> confirm(Context& context, const ConfirmEmailRequest& request, EmailChange& change) {
  auto changed = TRY(change.confirm(sessions::user_of(context), sessions::session_of(context), request.current_code,
                                    request.new_code, sessions::origin_of(context)));
  return EmailChangedJson{std::move(changed.email), changed.revoked};
}

}  // namespace

std::vector<http::Route> routes(EmailChange& change) {
  std::vector<http::Route> all;
  all.push_back(http::route<ChangeEmailRequest, ChangeEmailAnswer>(
      {.method = Method::post,
       .path = "/auth/change-email",
       .id = "changeEmail",
       .summary = "Mail the two codes that change the account's address.",
       .guard = Guard::session().recently(),
       .status = 202,
       .budget = http::Budget::mails,
       .errors = {Code::wrong_password, Code::too_many_attempts, Code::conflict, Code::overloaded,
                  Code::store_unavailable}},
      [&change](Context& c, const ChangeEmailRequest& r) { return ask(c, r, change); }));
  all.push_back(http::route<ConfirmEmailRequest, EmailChangedJson>(
      {.method = Method::post,
       .path = "/auth/change-email/confirm",
       .id = "confirmEmail",
       .summary = "Change the account's address by the codes of both mailboxes.",
       .guard = Guard::session(),
       .budget = http::Budget::sign_ins,
       .errors = {Code::otp_invalid, Code::email_taken, Code::conflict, Code::store_unavailable}},
      [&change](Context& c, const ConfirmEmailRequest& r) { return confirm(c, r, change); }));
  return all;
}

}  // namespace self
