#include "app/routes.h"

#include "access/access_routes.h"
#include "admin/admin_routes.h"
#include "admin/event_routes.h"
#include "app/version.h"
#include "history/history_routes.h"
#include "http/address.h"
#include "http/openapi.h"
#include "invitations/invitation_routes.h"
#include "login/check_routes.h"
#include "login/impersonation_routes.h"
#include "login/invited_routes.h"
#include "login/login_routes.h"
#include "mail/mail_routes.h"
#include "mfa/mfa_routes.h"
#include "passwords/password_routes.h"
#include "risk/not_me_routes.h"
#include "self/deletion_routes.h"
#include "self/email_change_routes.h"
#include "self/export_routes.h"
#include "sessions/session_routes.h"
#include "tokens/token_routes.h"
#include "webauthn/passkey_routes.h"

namespace app {
namespace {

using core::Result, http::Context, http::Guard, http::Method, http::NoBody, http::Response;

struct Dependency {
  std::string status;
  std::optional<int64_t> answer_ms;
  std::optional<std::string> note = std::nullopt;
  static constexpr std::string_view name = "Dependency";
  static constexpr auto fields() {
    return std::tuple{core::field("status", &Dependency::status, "ok, or what is wrong."),
                      core::field("answerMs", &Dependency::answer_ms, "How long it took to answer."),
                      core::field("note", &Dependency::note, "What to know of it although it works.")};
  }
};

struct Ready {
  std::string status;
  std::map<std::string, Dependency> dependencies;
  static constexpr std::string_view name = "Ready";
  static constexpr auto fields() {
    return std::tuple{core::field("status", &Ready::status, "ok, unavailable, or draining: it is about to stop."),
                      core::field("dependencies", &Ready::dependencies, "Each by name.")};
  }
};

bool loopback(std::string_view client) { return client.starts_with("127.") || client == "::1"; }

Dependency ask_store(App& app) {
  const core::Millis before = app.clock.boot();
  const auto now = app.database->ping();
  if (!now) return {"cannot be asked", {}};
  if (std::chrono::abs(*now - app.clock.now()) > core::ClockGuard::tolerance)
    return {"its clock and this node's differ", {}};
  return {"ok", (app.clock.boot() - before).count()};
}

// Without it everything works, only signing out takes longer.
Dependency ask_redis(App& app) {
  const core::Millis age = app.feed.stream_age(app.clock.boot());
  if (age >= changes::Feed::stream_trust) return {"not followed: changes travel by the database", {}};
  const std::string policy = app.stream->eviction_policy();
  if (policy.empty()) return {"ok", age.count()};
  return {"ok", age.count(),
          "its maxmemory-policy " + policy + " may evict changes, which are then read from the database"};
}

Result<Response> ready(App& app) {
  Ready answer;
  answer.dependencies["store"] = ask_store(app);
  answer.dependencies["changes"] = {app.feed.fresh(app.clock.boot()) ? "ok" : "not read lately",
                                    app.feed.age(app.clock.boot()).count()};
  if (app.stream) answer.dependencies["redis"] = ask_redis(app);
  answer.dependencies["clock"] = {app.guard.jumped() ? "was set while running: expiry is suspended" : "ok", {}};
  const bool works = answer.dependencies["store"].status == "ok" && answer.dependencies["changes"].status == "ok";
  const bool ok = works && !app.draining;
  answer.status = ok ? "ok" : works ? "draining" : "unavailable";
  Response response{.status = ok ? 200 : 503, .body = core::encode(answer)};
  if (!ok) response.headers.push_back({"Retry-After", "1"});
  return response;
}

http::Route live_route() {
  auto live = http::route<NoBody, Response>(
      {.method = Method::get,
       .path = "/health/live",
       .id = "live",
       .summary = "Whether the process answers.",
       .guard = Guard::open(),
       .lane = http::Lane::fast},
      [](Context&) -> Result<Response> { return Response{.body = R"({"status":"ok"})"}; });
  live.fast = [](const http::Request&, http::FastAnswer& answer) {
    answer.body = R"({"status":"ok"})";
    return true;
  };
  return live;
}

http::Route ready_route(App& app) {
  auto route = http::route<NoBody, Response>({.method = Method::get,
                                              .path = "/health/ready",
                                              .id = "ready",
                                              .summary = "Whether requests can be served, and each dependency.",
                                              .guard = Guard::open(),
                                              .budget = http::Budget::none},
                                             [&app](Context&) { return ready(app); });
  route.response_schema = [](core::Schemas& schemas) { return core::JsonType<Ready>::schema(schemas, {}); };
  return route;
}

void append(std::vector<http::Route>& all, std::vector<http::Route> more) {
  std::ranges::move(more, std::back_inserter(all));
}

}  // namespace

http::Route metrics_route(App& app, MetricsFor callers) {
  return http::route<NoBody, Response>({.method = Method::get,
                                        .path = "/metrics",
                                        .id = "metrics",
                                        .summary = "Metrics for Prometheus; on loopback only.",
                                        .guard = Guard::open(),
                                        .budget = http::Budget::none,
                                        .errors = {core::Code::not_found}},
                                       [&app, callers](Context& context) -> Result<Response> {
                                         if (callers == MetricsFor::loopback && !loopback(context.request.client))
                                           return core::fail(core::Code::not_found);
                                         return Response{.body = app.metrics->render(),
                                                         .content_type = "text/plain; version=0.0.4"};
                                       });
}

std::vector<http::Route> all_routes(App& app, const mail::Mailbox* mailbox, mail::Sender* sender) {
  std::vector<http::Route> all;
  append(all, login::check_routes(app.checker));
  const login::RouteParts parts{
      app.login,     app.registration,    app.step_up,       app.passkey_sign_in, app.late_enrolment,
      app.approvals, app.webauthn_config, app.accounts,      app.access,          *app.database,
      app.clock,     app.agents,          app.config.tokens, app.config.sessions, app.config.verification.code_life};
  append(all, login::routes(parts));
  append(all, login::invited_routes(app.invited, parts));
  append(all, login::routes(app.impersonations));
  append(all, invitations::routes(app.invitations));
  append(all, passwords::routes(app.passwords));
  append(all, mfa::routes(app.own_factors));
  append(all, webauthn::routes(app.passkeys));
  append(all, risk::routes(app.not_me));
  append(all, self::routes(app.email_change));
  append(all, self::routes(app.own_data));
  append(all, self::routes(app.deletion));
  append(all, sessions::routes(*app.database, app.sessions, app.near));
  append(all, roles::routes(app.access));
  append(all, admin::routes(app.admin));
  append(all, admin::event_routes(*app.database, *app.audit));
  append(all, history::routes(*app.database, *app.audit, app.accounts));
  append(all, tokens::routes(app.keys));
  all.push_back(live_route());
  all.push_back(ready_route(app));
  if (app.config.metrics_listen.empty()) all.push_back(metrics_route(app, MetricsFor::loopback));
  if (mailbox) append(all, mail::routes(*mailbox, [sender] { sender->settle(core::Seconds(1)); }));
  append(all, http::reference_routes(all, {.version = version}));
  return all;
}

}  // namespace app
