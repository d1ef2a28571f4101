#include "sessions/session_routes.h"

#include <algorithm>
#include <charconv>

#include "http/page.h"
#include "sessions/session_json.h"

namespace sessions {
namespace {

using core::Result, http::Context, http::Guard, http::Method, http::NoBody;

std::optional<int64_t> number(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

// Uses that are not written yet are shown all the same.
void show_recent_use(NearCache& near, Session& session) {
  near.find(session.user, session.id, [&](const Holder&, const Entry& entry) {
    session.last_active_at = std::max(session.last_active_at, entry.last_active_at);
    return true;
  });
}

Result<SessionListJson> list(Context& context, core::Transactor& transactor, Service& service, NearCache& near) {
  const Page page = TRY(read_page(context));
  const accounts::UserId user{context.caller->user};
  auto found = TRY(transactor.reading([&](core::Tx& tx) { return service.list(tx, user, page); }));
  SessionListJson out;
  if (static_cast<int64_t>(found.size()) == page.limit) out.next_cursor = to_cursor(found.back());
  for (Session& session : found) show_recent_use(near, session);
  std::ranges::sort(found, std::greater{}, &Session::last_active_at);
  for (const Session& session : found) out.sessions.push_back(to_json(session, session_of(context)));
  return out;
}

Result<RevokedJson> end_one(Context& context, core::Transactor& transactor, Service& service) {
  const auto id = TRY(context.path_id<SessionId>("sessionId"));
  const bool ended = TRY(transactor.atomically(
      [&](core::Tx& tx) { return service.end(tx, user_of(context), id, EndReason::logout, origin_of(context)); }));
  if (!ended) return core::fail(core::Code::not_found);
  return RevokedJson{1};
}

}  // namespace

std::string to_cursor(const Session& last) {
  return std::to_string(core::to_millis(last.last_active_at)) + '.' + last.id.str();
}

Result<Page> read_page(const Context& context) {
  Page page{.limit = TRY(http::page_limit(context))};
  if (const auto cursor = context.query_value("cursor")) {
    const size_t dot = cursor->find('.');
    const auto at = number(cursor->substr(0, dot));
    const auto id =
        dot == std::string::npos ? std::nullopt : SessionId::parse(std::string_view(*cursor).substr(dot + 1));
    if (!at || !id) return core::fail_field("cursor", "invalid_cursor", "must be a nextCursor of an earlier answer");
    page.after = {core::from_millis(*at), *id};
  }
  return page;
}

audit::Origin origin_of(const Context& context) {
  audit::Origin origin{.ip_address = std::string(context.request.client),
                       .request_id = std::string(context.request.id)};
  if (context.caller) {
    origin.actor = context.caller->impersonator.value_or(context.caller->user);
    origin.session = context.caller->session;
  }
  return origin;
}

audit::Origin origin_of(const Context& context, const devices::Device& device) {
  auto origin = origin_of(context);
  origin.device = device.name.value_or("");
  return origin;
}

std::vector<http::Route> routes(core::Transactor& transactor, Service& service, NearCache& near) {
  std::vector<http::Route> all;
  all.push_back(http::route<NoBody, SessionListJson>(
      {.method = Method::get,
       .path = "/auth/sessions",
       .id = "listSessions",
       .summary = "The caller's living sessions.",
       .guard = Guard::session(),
       .query = {{"limit", "1 to 100; 100 by default."}, {"cursor", "The nextCursor of the page before."}},
       .errors = {core::Code::validation_failed}},
      [&](Context& context) { return list(context, transactor, service, near); }));
  all.push_back(
      http::route<NoBody, RevokedJson>({.method = Method::delete_,
                                        .path = "/auth/sessions/{sessionId}",
                                        .id = "revokeSession",
                                        .summary = "Sign out one of the caller's devices.",
                                        .guard = Guard::session(),
                                        .errors = {core::Code::not_found}},
                                       [&](Context& context) { return end_one(context, transactor, service); }));
  return all;
}

}  // namespace sessions
