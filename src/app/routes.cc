#include "app/routes.h"

#include "access/access_routes.h"
#include "admin/admin_routes.h"
#include "admin/event_routes.h"
#include "app/health_routes.h"
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

bool loopback(std::string_view client) { return client.starts_with("127.") || client == "::1"; }

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
  append(all, health_routes(app));
  if (app.config.metrics_listen.empty()) all.push_back(metrics_route(app, MetricsFor::loopback));
  if (mailbox) append(all, mail::routes(*mailbox, [sender] { sender->settle(core::Seconds(1)); }));
  append(all, http::reference_routes(all, {.version = version}));
  return all;
}

}  // namespace app
