#include "login/impersonation_routes.h"

#include "accounts/user_json.h"
#include "crypto/settings.h"
#include "sessions/session_routes.h"

namespace login {
namespace {

using core::Code, core::field, core::Result, http::Context, http::Guard, http::Method;

struct ImpersonateRequest {
  std::string reason;
  std::optional<int64_t> expires_in;
  static constexpr std::string_view name = "ImpersonateRequest";
  static constexpr auto fields() {
    return std::tuple{
        field("reason", &ImpersonateRequest::reason, "For the record, and for the user.", core::length(1, 500)),
        field("expiresIn", &ImpersonateRequest::expires_in,
              "Seconds, from 60 on; as long as `sessions.impersonation_timeout` allows when absent.")};
  }
};

struct ImpersonationJson {
  crypto::Secret access_token;
  int64_t expires_in = 0;
  sessions::SessionId session;
  accounts::UserJson user;
  static constexpr std::string_view name = "Impersonation";
  static constexpr auto fields() {
    return std::tuple{
        field("accessToken", &ImpersonationJson::access_token, "A bearer token whose `act` names who acts."),
        field("expiresIn", &ImpersonationJson::expires_in, "Seconds until it ends; it is not refreshed."),
        field("sessionId", &ImpersonationJson::session, "The session that it is good for."),
        field("user", &ImpersonationJson::user, "In whose name.")};
  }
};

Result<ImpersonationJson> begin(const Context& context, ImpersonateRequest request, Impersonations& impersonations) {
  const auto id = TRY(context.path_id<accounts::UserId>("id"));
  const auto life = request.expires_in ? std::optional(core::Seconds(*request.expires_in)) : std::nullopt;
  auto begun = TRY(impersonations.begin(id, std::move(request.reason), life, sessions::origin_of(context)));
  return ImpersonationJson{std::move(begun.access_token), begun.access_lifetime.count(), begun.session.id,
                           accounts::to_json(begun.user, begun.grants.roles)};
}

}  // namespace

std::vector<http::Route> routes(Impersonations& impersonations) {
  std::vector<http::Route> all;
  all.push_back(http::route<ImpersonateRequest, ImpersonationJson>(
      {.method = Method::post,
       .path = "/users/{id}/impersonate",
       .id = "impersonateUser",
       .summary = "Act in the name of a user, for a while and only to see.",
       .guard = Guard::permission(roles::users_impersonate).recently(),
       .status = 201,
       .budget = http::Budget::sign_ins,
       .errors = {Code::not_found, Code::conflict, Code::grant_exceeds_own, Code::store_unavailable}},
      [&](Context& c, ImpersonateRequest r) { return begin(c, std::move(r), impersonations); }));
  return all;
}

}  // namespace login
