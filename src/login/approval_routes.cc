#include "login/approval_routes.h"

#include "login/approval_json.h"
#include "sessions/session_routes.h"

namespace login {
namespace {

using core::Code, core::Result, http::Context, http::Guard, http::Method, http::NoBody, sessions::origin_of,
    sessions::user_of;

Result<TokensJson> claim(Context& context, const ApprovalClaimRequest& request, const RouteParts& parts) {
  const auto device = device_of(context, request.device, parts);
  return to_json(TRY(parts.service.complete_approved(request.token, device, origin_of(context, device))), parts);
}

Result<ApprovalListJson> list(const Context& context, const RouteParts& parts) {
  ApprovalListJson out;
  for (auto& one : TRY(parts.approvals.list(user_of(context))))
    out.approvals.push_back({one.id, std::move(one.device), std::move(one.ip_address), one.at, one.expires_at});
  return out;
}

Result<NoBody> approve(const Context& context, const ApproveRequest& request, const RouteParts& parts) {
  const auto id = TRY(context.path_id<risk::ApprovalId>("id"));
  TRY(parts.approvals.approve(user_of(context), id, request.number, origin_of(context)));
  return NoBody{};
}

Result<NoBody> deny(const Context& context, const RouteParts& parts) {
  const auto id = TRY(context.path_id<risk::ApprovalId>("id"));
  TRY(parts.approvals.deny(user_of(context), id, origin_of(context)));
  return NoBody{};
}

}  // namespace

std::vector<http::Route> approval_routes(const RouteParts& p) {
  using http::route;
  std::vector<http::Route> all;
  all.push_back(route<ApprovalClaimRequest, TokensJson>(
      {.method = Method::post,
       .path = "/auth/mfa/approval",
       .id = "claimApproval",
       .summary = "Complete a sign-in once another session approved it.",
       .guard = Guard::open(),
       .errors = {Code::mfa_token_invalid, Code::factor_not_allowed, Code::approval_pending, Code::approval_denied,
                  Code::too_many_attempts, Code::session_limit, Code::sign_in_refused, Code::store_unavailable}},
      [p](Context& c, const ApprovalClaimRequest& r) { return claim(c, r, p); }));
  all.push_back(route<NoBody, ApprovalListJson>({.method = Method::get,
                                                 .path = "/auth/approvals",
                                                 .id = "listApprovals",
                                                 .summary = "Sign-ins of the caller that wait for his approval.",
                                                 .guard = Guard::session()},
                                                [p](Context& c) { return list(c, p); }));
  all.push_back(route<ApproveRequest, NoBody>(
      {.method = Method::post,
       .path = "/auth/approvals/{id}",
       .id = "approveSignIn",
       .summary = "Approve a sign-in by the number that its device shows; a wrong one denies it.",
       .guard = Guard::session().recently(),
       .status = 204,
       .errors = {Code::approval_number_wrong, Code::not_found}},
      [p](Context& c, const ApproveRequest& r) { return approve(c, r, p); }));
  all.push_back(route<NoBody, NoBody>({.method = Method::delete_,
                                       .path = "/auth/approvals/{id}",
                                       .id = "denyApproval",
                                       .summary = "Deny a sign-in that waits.",
                                       .guard = Guard::session(),
                                       .status = 204,
                                       .errors = {Code::not_found}},
                                      [p](Context& c) { return deny(c, p); }));
  return all;
}

}  // namespace login
