#include "risk/not_me_routes.h"

#include "risk/not_me_page.h"
#include "sessions/session_routes.h"

namespace risk {
namespace {

using core::Result, http::Context, http::Guard, http::Method, http::NoBody, http::Response;

Response page(int status, std::string html) {
  return {.status = status,
          .body = std::move(html),
          .content_type = "text/html; charset=utf-8",
          .headers = {{"Content-Security-Policy", page_content_security_policy()}}};
}

crypto::Secret token_of(const Context& context) { return crypto::Secret(context.query_value("token").value_or("")); }

// Programs that look into mails follow links: it only asks.
Result<Response> ask(const Context& context, NotMe& not_me) {
  const auto token = token_of(context);
  const auto notice = TRY(not_me.find(token));
  return notice ? page(200, ask_page(*notice, std::string(token.expose()))) : page(404, dead_link_page());
}

Result<Response> deny(const Context& context, NotMe& not_me) {
  const bool done = TRY(not_me.deny(token_of(context), sessions::origin_of(context)));
  return done ? page(200, done_page()) : page(404, dead_link_page());
}

}  // namespace

std::vector<http::Route> routes(NotMe& not_me) {
  const http::QueryField token{"token", "Of the link in the mail."};
  std::vector<http::Route> all;
  all.push_back(
      http::route<NoBody, Response>({.method = Method::get,
                                     .path = "/auth/not-me",
                                     .id = "askNotMe",
                                     .summary = "The page behind the link of a mail about a sign-in; changes nothing.",
                                     .guard = Guard::open(),
                                     .query = {token}},
                                    [&not_me](Context& context) { return ask(context, not_me); }));
  all.push_back(http::route<NoBody, Response>(
      {.method = Method::post,
       .path = "/auth/not-me",
       .id = "denySignIn",
       .summary = "The user says that the sign-in was not his: signs out all devices, voids the password, mails a "
                  "reset code.",
       .guard = Guard::open(),
       .query = {token}},
      [&not_me](Context& context) { return deny(context, not_me); }));
  return all;
}

}  // namespace risk
