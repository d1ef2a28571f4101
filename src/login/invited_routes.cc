#include "login/invited_routes.h"

#include "core/beat.h"
#include "sessions/session_routes.h"

namespace login {
namespace {

using core::Code, core::Result, http::Context;

struct AcceptInvitationRequest {
  crypto::Secret token, password;
  std::optional<std::string> first_name, last_name;
  std::optional<sessions::DeviceJson> device;
  static constexpr std::string_view name = "AcceptInvitationRequest";
  static constexpr auto fields() {
    return std::tuple{field("token", &AcceptInvitationRequest::token, "Of the mail.", length(1, 100)),
                      field("password", &AcceptInvitationRequest::password, "8 to 256 characters, taken as they are.",
                            password_length),
                      field("firstName", &AcceptInvitationRequest::first_name, "As the invitation says, when absent.",
                            length(1, 100)),
                      field("lastName", &AcceptInvitationRequest::last_name, "The same.", length(1, 100)),
                      field("deviceInfo", &AcceptInvitationRequest::device, "The device that signs in.")};
  }
};

Result<SignInJson> accept(const Context& context, AcceptInvitationRequest request, Invited& invited,
                          const RouteParts& parts) {
  const core::Beat beat;
  const auto device = device_of(context, request.device, parts);
  const Acceptance acceptance{std::move(request.token), std::move(request.password), std::move(request.first_name),
                              std::move(request.last_name)};
  return to_json(TRY(invited.accept(acceptance, device, sessions::origin_of(context, device))), parts);
}

}  // namespace

std::vector<http::Route> invited_routes(Invited& invited, const RouteParts& parts) {
  std::vector<http::Route> all;
  all.push_back(http::route<AcceptInvitationRequest, SignInJson>(
      {.method = http::Method::post,
       .path = "/auth/accept-invitation",
       .id = "acceptInvitation",
       .summary = "Make the account that an invitation is for; signs in.",
       .guard = http::Guard::open(),
       .status = 201,
       .budget = http::Budget::sign_ins,
       .errors = {Code::invitation_invalid, Code::email_taken, Code::password_rejected, Code::session_limit,
                  Code::sign_in_refused, Code::overloaded, Code::store_unavailable}},
      [&invited, parts](Context& c, AcceptInvitationRequest r) { return accept(c, std::move(r), invited, parts); }));
  return all;
}

}  // namespace login
