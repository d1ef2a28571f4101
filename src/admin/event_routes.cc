#include "admin/event_routes.h"

#include "admin/event_json.h"
#include "crypto/random.h"
#include "http/page.h"

namespace admin {
namespace {

using core::Code, core::Result;
using http::Context;

constexpr size_t longest_text = 100;

Result<> read_id(const Context& context, std::string_view name, std::optional<core::Uuid>& out) {
  const auto text = context.query_value(name);
  if (!text) return {};
  if (!(out = core::Uuid::parse(*text))) return core::fail_field(std::string(name), "invalid_id", "must be an id");
  return {};
}

Result<> read_text(const Context& context, std::string_view name, std::optional<std::string>& out) {
  out = context.query_value(name);
  if (!out) return {};
  if (!core::count_code_points(*out) || out->find('\0') != std::string::npos)
    return core::fail_field(std::string(name), "invalid_character", "must be UTF-8 text");
  if (out->size() > longest_text) return core::fail_field(std::string(name), "too_long", "must be at most 100 bytes");
  return {};
}

// As an id, for ids are ordered by their time.
Result<> read_time(const Context& context, std::string_view name, std::optional<core::Uuid>& out) {
  const auto text = context.query_value(name);
  if (!text) return {};
  const auto time = core::parse_iso8601(*text);
  if (!time) return core::fail_field(std::string(name), "invalid_time", "must be a time such as 2026-01-31T12:00:00Z");
  out = crypto::least_uuid7(*time);
  return {};
}

Result<audit::Filter> read_filter(const Context& context) {
  audit::Filter filter{.limit = TRY(http::page_limit(context))};
  TRY(read_id(context, "subject", filter.subject));
  TRY(read_id(context, "actor", filter.actor));
  TRY(read_id(context, "session", filter.session));
  TRY(read_text(context, "action", filter.action));
  TRY(read_text(context, "ipAddress", filter.ip_address));
  TRY(read_time(context, "from", filter.from));
  TRY(read_time(context, "to", filter.before));
  std::optional<core::Uuid> cursor;
  TRY(read_id(context, "cursor", cursor));
  if (cursor && (!filter.before || *cursor < *filter.before)) filter.before = cursor;
  return filter;
}

Result<EventListJson> list(Context& context, core::Transactor& transactor, audit::Store& audit) {
  const auto filter = TRY(read_filter(context));
  const auto page = TRY(transactor.reading([&](core::Tx& tx) { return audit.list(tx, filter); }));
  EventListJson out;
  if (page.next) out.next_cursor = page.next->str();
  for (const auto& record : page.records) out.events.push_back(to_json(record));
  return out;
}

}  // namespace

std::vector<http::Route> event_routes(core::Transactor& transactor, audit::Store& audit) {
  std::vector<http::Route> all;
  all.push_back(http::route<http::NoBody, EventListJson>(
      {.method = http::Method::get,
       .path = "/audit",
       .id = "listEvents",
       .summary = "The record of events, newest first.",
       .guard = http::Guard::permission("audit:read"),
       .query = {{"subject", "The id of the user it happened to."},
                 {"actor", "The id of the user who did it."},
                 {"session", "The id of the session it happened to."},
                 {"action", "Such as login.failed."},
                 {"ipAddress", "Where it was done from."},
                 {"from", "Not before this time."},
                 {"to", "Before this time."},
                 {"limit", "1 to 100; 100 by default."},
                 {"cursor", "The nextCursor of the page before."}},
       .errors = {Code::validation_failed}},
      [&transactor, &audit](Context& context) { return list(context, transactor, audit); }));
  return all;
}

}  // namespace admin
