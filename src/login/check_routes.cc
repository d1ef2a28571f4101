#include "login/check_routes.h"

#include "accounts/user_json.h"
#include "core/text.h"
#include "login/gate.h"
#include "sessions/session_json.h"
#include "sessions/session_routes.h"

namespace login {
namespace {

using core::Result, http::Context, http::FastAnswer, http::Guard, http::Method, http::NoBody, http::Request;
using sessions::Entry, sessions::Holder, sessions::MeText;

struct MeJson {
  accounts::UserJson user;
  sessions::SessionJson session;
  std::vector<std::string> roles, permissions;
  std::optional<accounts::UserId> impersonated_by;
  static constexpr std::string_view name = "Me";
  static constexpr auto fields() {
    using core::field;
    return std::tuple{field("user", &MeJson::user, "The caller."),
                      field("session", &MeJson::session, "The session that asks."),
                      field("roles", &MeJson::roles, "Roles held directly."),
                      field("permissions", &MeJson::permissions, "All that they grant, wildcards included."),
                      field("impersonatedBy", &MeJson::impersonated_by,
                            "The user who acts in the caller's name, to be shown in a banner; else absent.")};
  }
};

// The caller's X-Usher-* headers. Names of roles and ids have no characters that could end a line.
void append_identity(std::string& lines, const core::Uuid& user, const core::Uuid& session, std::string_view roles) {
  lines += "X-Usher-User: ";
  user.append_to(lines);
  lines += "\r\nX-Usher-Session: ";
  session.append_to(lines);
  lines += "\r\nX-Usher-Roles: ";
  lines += roles;
  lines += "\r\n";
}

bool allows_all(const roles::PermissionSet& held, std::string_view query) {
  std::optional<std::string_view> rest = query;
  while (const auto pair = core::next_part(rest, '&')) {
    // Anything but a plainly spelt permission is left to the work lane.
    if (!pair->starts_with("permission=")) return false;
    if (!held.allows(pair->substr(11))) return false;
  }
  return true;
}

bool check_fast(sessions::Checker& checker, const Request& request, FastAnswer& answer) {
  const auto token = bearer_token(request);
  if (!token) return false;
  return checker.find(*token, request.received, [&](accounts::UserId user, const Holder& holder, const Entry& entry) {
    if (!request.query.empty() && !allows_all(*holder.permissions, request.query)) return false;
    answer.status = 204;
    answer.content_type = {};
    append_identity(answer.headers, user.value, entry.session.value, holder.roles);
    return true;
  });
}

Result<http::Response> check(sessions::Checker& checker, Context& context) {
  const auto admitted = TRY(
      checker.check(TRY(bearer_token(context.request)), context.request.received, context.query_values("permission")));
  http::Response response{.status = 204,
                          .content_type = "",
                          .headers = {{"X-Usher-User", admitted.user.str()},
                                      {"X-Usher-Session", admitted.session.str()},
                                      {"X-Usher-Roles", admitted.roles}}};
  if (admitted.impersonator) response.headers.emplace_back("X-Usher-Impersonator", admitted.impersonator->str());
  return response;
}

// The session's text around the value of lastActive, so that only a time is written per request.
std::unique_ptr<const MeText> me_text(const sessions::Living& living) {
  auto text = std::make_unique<MeText>();
  if (living.impersonator) text->user = "\"impersonatedBy\":" + core::encode(living.impersonator->str()) + ',';
  text->user += "\"user\":" + core::encode(accounts::to_json(living.user, living.grants.roles)) +
                ",\"roles\":" + core::encode(living.grants.roles) +
                ",\"permissions\":" + core::encode(living.grants.permissions->names()) + ",\"session\":";
  const std::string session = core::encode(sessions::to_json(living.session, living.session.id));
  const std::string key = "\"lastActive\":\"";
  const size_t value = session.rfind(key) + key.size();
  text->session_start = session.substr(0, value);
  text->session_end = session.substr(session.find('"', value));
  return text;
}

// iso8601 of a time that many requests of one thread share.
std::string_view shown(core::Time time) {
  thread_local core::Time last{};
  thread_local std::string text = core::iso8601(last);
  if (time != last) {
    last = time;
    text = core::iso8601(time);
  }
  return text;
}

void append_me(std::string& body, const MeText& text, core::Time last_active) {
  body += '{';
  body += text.user;
  body += text.session_start;
  body += shown(last_active);
  body += text.session_end;
  body += '}';
}

bool me_fast(sessions::Checker& checker, const Request& request, FastAnswer& answer) {
  const auto token = bearer_token(request);
  if (!token) return false;
  return checker.find(*token, request.received, [&](accounts::UserId, const Holder&, const Entry& entry) {
    if (!entry.me) return false;
    append_me(answer.body, *entry.me, entry.last_active_at);
    return true;
  });
}

Result<http::Response> me(sessions::Checker& checker, Context& context) {
  const auto living = TRY(checker.load(sessions::user_of(context), sessions::session_of(context), me_text));
  http::Response response;
  append_me(response.body, *me_text(living), living.session.last_active_at);
  return response;
}

}  // namespace

std::vector<http::Route> check_routes(sessions::Checker& checker) {
  std::vector<http::Route> all;
  auto check_route = http::route<NoBody, http::Response>(
      {.method = Method::get,
       .path = "/auth/check",
       .id = "check",
       .summary = "Whether a request may pass, for proxies and services: 204 with X-Usher-User, X-Usher-Session, "
                  "X-Usher-Roles and, where somebody acts in the user's name, X-Usher-Impersonator.",
       .guard = Guard::open(),
       .status = 204,
       .lane = http::Lane::fast,
       .any_method_when_forwarded = true,
       .query = {{"permission", "A permission that the caller must hold; repeatable."}},
       .errors = {core::Code::token_missing, core::Code::token_malformed, core::Code::token_invalid,
                  core::Code::token_expired, core::Code::session_ended, core::Code::account_disabled,
                  core::Code::permission_denied, core::Code::store_unavailable}},
      [&checker](Context& context) { return check(checker, context); });
  check_route.fast = [&checker](const Request& request, FastAnswer& answer) {
    return check_fast(checker, request, answer);
  };
  all.push_back(std::move(check_route));

  auto me_route = http::route<NoBody, http::Response>({.method = Method::get,
                                                       .path = "/auth/me",
                                                       .id = "getMe",
                                                       .summary = "The caller: user, session, roles and permissions.",
                                                       .guard = Guard::session(),
                                                       .lane = http::Lane::fast},
                                                      [&checker](Context& context) { return me(checker, context); });
  me_route.response_schema = [](core::Schemas& schemas) { return core::JsonType<MeJson>::schema(schemas, {}); };
  me_route.fast = [&checker](const Request& request, FastAnswer& answer) { return me_fast(checker, request, answer); };
  all.push_back(std::move(me_route));
  return all;
}

}  // namespace login
