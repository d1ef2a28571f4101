#include "http/dispatch.h"

#include <algorithm>

#include "core/log.h"
#include "http/problem.h"
#include "http/text.h"

namespace http {
namespace {

bool is_utf8_charset(std::string_view parameter) {
  const size_t equals = parameter.find('=');
  if (equals == std::string_view::npos || !equal_without_case(parameter.substr(0, equals), "charset")) return false;
  auto value = parameter.substr(equals + 1);
  if (value.size() > 1 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
  return equal_without_case(value, "utf-8");
}

bool is_json(std::string_view content_type) {
  std::optional<std::string_view> rest = content_type;
  if (!equal_without_case(*next_part(rest, ';'), "application/json")) return false;
  while (const auto parameter = next_part(rest, ';'))
    if (!is_utf8_charset(*parameter)) return false;
  return true;
}

// A route that reads its query reads all of it: a misspelt `permission` must not pass as none.
core::Result<> check_query(const Route& route, const Request& request) {
  if (route.operation.query.empty()) return {};
  std::optional<std::string_view> rest = request.query;
  while (const auto pair = next_part(rest, '&')) {
    const std::string name = decode_query(pair->substr(0, pair->find('=')));
    if (name.empty()) continue;
    if (std::ranges::none_of(route.operation.query, [&](const QueryField& field) { return field.name == name; }))
      return core::fail_field(name, "unknown_field", "is not known here", core::Code::unknown_field);
  }
  return {};
}

// The header fields of draft-ietf-httpapi-ratelimit-headers-06.
core::Result<> spend(const Route& route, Context& context, Limiter* limiter) {
  if (!limiter || !is_counted(route.operation)) return {};
  const auto spent = limiter->spend(route.operation.budget, context.request.client);
  if (!spent) return {};
  context.headers.emplace_back("RateLimit-Limit", std::to_string(spent->limit));
  context.headers.emplace_back("RateLimit-Remaining", std::to_string(spent->left));
  context.headers.emplace_back("RateLimit-Reset", std::to_string(spent->full_in.count()));
  if (spent->allowed) return {};
  return std::unexpected(core::Error{.code = core::Code::rate_limited, .retry_after = spent->retry_in});
}

core::Result<> admit(const Route& route, Context& context, Gate& gate, Limiter* limiter) {
  const Request& request = context.request;
  TRY(spend(route, context, limiter));
  auto values = Router::path_values(route.operation.path, request.path);
  if (!values) return core::fail(core::Code::not_found);
  context.path_values = std::move(*values);
  if (!route.operation.guard.is_open()) context.caller = TRY(gate.admit(request, route.operation.guard));
  TRY(check_query(route, request));
  if (route.takes_body) TRY(check_media_type(request));
  return {};
}

template <class Run>
Response answered(Context& context, Run run) {
  std::string cause = "unknown exception";
  try {
    return response_of(context, run());
  } catch (const std::exception& e) {
    cause = e.what();
  } catch (...) {
  }
  return problem({.code = core::Code::internal, .cause = cause}, context.request);
}

}  // namespace

core::Result<> check_media_type(const Request& request) {
  const auto encoding = request.header("Content-Encoding");
  const bool encoded =
      request.count("Content-Encoding") > 1 || !(encoding.empty() || equal_without_case(encoding, "identity"));
  if (encoded || !is_json(request.header("Content-Type"))) return core::fail(core::Code::unsupported_media_type);
  return {};
}

Response dispatch(const Route& route, const Request& request, Gate& gate, Limiter* limiter) {
  Context context{.request = request, .caller = std::nullopt};
  return answered(context, [&]() -> core::Result<Response> {
    TRY(admit(route, context, gate, limiter));
    return route.handle(context);
  });
}

void begin(const Route& route, Context& context, Gate& gate, Limiter* limiter, Owed owed) {
  try {
    if (auto admitted = admit(route, context, gate, limiter); !admitted)
      return owed.give(std::unexpected(std::move(admitted).error()));
    route.later(context, std::move(owed));
  } catch (const std::exception& e) {  // whoever held `owed` has answered by dropping it
    core::log(core::Level::error, "thrown by a request that was begun", {{"cause", e.what()}});
  }
}

Response handle(const Route& route, Context& context) {
  return answered(context, [&] { return route.handle(context); });
}

Response response_of(Context& context, core::Result<Response> result) {
  Response response = result ? std::move(*result) : problem(result.error(), context.request);
  std::ranges::move(context.headers, std::back_inserter(response.headers));
  return response;
}

}  // namespace http
