#include "history/history_routes.h"

#include "history/history_json.h"
#include "http/page.h"
#include "sessions/session_routes.h"

namespace history {
namespace {

using accounts::UserId, core::Code, core::Result, http::Context, http::Guard, http::Method, http::NoBody;

AttemptJson to_json(Attempt attempt) {
  return {.at = attempt.at,
          .outcome = attempt.outcome,
          .reason = attempt.reason.empty() ? std::nullopt : std::optional(std::move(attempt.reason)),
          .methods = std::move(attempt.methods),
          .device = std::move(attempt.device),
          .ip_address = std::move(attempt.ip_address),
          .request_id = std::move(attempt.request_id),
          .session = attempt.session};
}

Result<audit::Filter> read_filter(const Context& context, UserId user) {
  audit::Filter filter{.subject = user.value, .limit = TRY(http::page_limit(context))};
  filter.actions = actions();
  const auto cursor = context.query_value("cursor");
  if (cursor && !(filter.before = core::Uuid::parse(*cursor)))
    return core::fail_field("cursor", "invalid_cursor", "must be a nextCursor of an earlier answer");
  return filter;
}

// A page may be shorter than asked for: some events of these kinds are no attempts.
Result<HistoryJson> list(const Context& context, UserId user, core::Transactor& transactor, audit::Store& audit) {
  const auto filter = TRY(read_filter(context, user));
  const auto page = TRY(transactor.reading([&](core::Tx& tx) { return audit.list(tx, filter); }));
  HistoryJson out;
  if (page.next) out.next_cursor = page.next->str();
  for (const auto& record : page.records)
    if (auto attempt = attempt_of(record)) out.attempts.push_back(to_json(*std::move(attempt)));
  return out;
}

http::Operation operation(std::string_view path, std::string_view id, std::string_view summary, Guard guard,
                          std::vector<Code> errors) {
  return {.method = Method::get,
          .path = path,
          .id = id,
          .summary = summary,
          .guard = guard,
          .query = {{"limit", "1 to 100; 100 by default."}, {"cursor", "The nextCursor of the page before."}},
          .errors = std::move(errors)};
}

}  // namespace

std::vector<http::Route> routes(core::Transactor& transactor, audit::Store& audit, accounts::Service& accounts) {
  std::vector<http::Route> all;
  all.push_back(http::route<NoBody, HistoryJson>(
      operation("/auth/history", "listHistory", "Attempts to sign in to the caller's account, newest first.",
                Guard::session(), {Code::validation_failed}),
      [&transactor, &audit](Context& c) { return list(c, sessions::user_of(c), transactor, audit); }));
  all.push_back(http::route<NoBody, HistoryJson>(
      operation("/users/{id}/history", "listUserHistory", "Attempts to sign in to a user's account, newest first.",
                Guard::permission("sessions:read"), {Code::validation_failed, Code::not_found}),
      [&transactor, &audit, &accounts](Context& c) -> Result<HistoryJson> {
        const auto user = TRY(accounts.get(TRY(c.path_id<UserId>("id"))));
        return list(c, user.id, transactor, audit);
      }));
  return all;
}

}  // namespace history
