#include "http/openapi.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/utf8.h"
#include "http/answer.h"

namespace http {
namespace {

using core::Code;

std::string in_quotes(std::string_view text) {
  std::string out;
  core::append_json_string(out, text);
  return out;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

void add_member(std::string& object, const std::string& name, const std::string& value) {
  if (object.size() > 1) object += ',';
  object += in_quotes(name) + ':' + value;
}

constexpr std::string_view problem_schema =
    R"({"type":"object","description":"RFC 9457 problem details.","properties":{)"
    R"("type":{"type":"string","format":"uri"},"title":{"type":"string"},"status":{"type":"integer"},)"
    R"("code":{"$ref":"#/components/schemas/ErrorCode"},"detail":{"type":"string"},"requestId":{"type":"string"},)"
    R"("errors":{"type":"array","items":{"type":"object","properties":{"field":{"type":"string"},"code":{"type":"string"},)"
    R"("message":{"type":"string"}},"required":["field","code","message"]}},)"
    R"("reason":{"type":"string","description":"Why the session ended."},)"
    R"("permission":{"type":"string","description":"The permission that is missing."},)"
    R"("methods":{"type":"array","items":{"type":"string"},"description":"By one of which the caller is to prove who he is."}},)"
    R"("required":["type","title","status","code","detail","requestId"]})";

std::string error_code_schema() {
  std::string names;
  for (const auto& row : core::error_rows()) names += (names.empty() ? "" : ",") + in_quotes(row.name);
  return R"({"type":"string","enum":[)" + names + "]}";
}

std::string parameters(const Operation& operation) {
  std::string list;
  const auto add = [&](std::string_view name, const char* where, std::string_view doc, const char* more) {
    list += list.empty() ? "" : ",";
    list += R"({"name":)" + in_quotes(name) + R"(,"in":")" + where + '"' + more;
    if (!doc.empty()) list += R"(,"description":)" + in_quotes(doc);
    list += R"(,"schema":{"type":"string"}})";
  };
  for (const auto name : path_parameters(operation.path)) add(name, "path", "", R"(,"required":true)");
  for (const auto& field : operation.query) add(field.name, "query", field.doc, "");
  return '[' + list + ']';
}

std::string success(const Route& route, core::Schemas& schemas) {
  std::string out = R"({"description":)" + in_quotes(reason_phrase(route.operation.status));
  if (route.response_schema)
    out += R"(,"content":{"application/json":{"schema":)" + route.response_schema(schemas) + "}}";
  return out + '}';
}

std::string failure(const std::vector<Code>& codes) {
  std::string sentences, names;
  for (const Code code : codes) {
    const auto& row = core::row(code);
    sentences += (sentences.empty() ? "" : "\n") + ("`" + std::string(row.name) + "`: " + std::string(row.title));
    names += (names.empty() ? "" : ",") + in_quotes(row.name);
  }
  return R"({"description":)" + in_quotes(sentences) +
         R"(,"content":{"application/problem+json":{"schema":{"allOf":[)" +
         R"({"$ref":"#/components/schemas/Problem"},{"properties":{"code":{"enum":[)" + names + "]}}}]}}}}";
}

std::string responses(const Route& route, core::Schemas& schemas) {
  std::map<int, std::vector<Code>> by_status;
  for (const Code code : error_codes(route)) by_status[core::row(code).status].push_back(code);
  std::string out = "{";
  add_member(out, std::to_string(route.operation.status), success(route, schemas));
  for (const auto& [status, codes] : by_status) add_member(out, std::to_string(status), failure(codes));
  return out + '}';
}

std::string_view tag_of(std::string_view path) {
  const auto first = path.substr(1, path.find('/', 1) == std::string_view::npos ? path.size() : path.find('/', 1) - 1);
  return first.empty() ? "root" : first;
}

std::string operation_json(const Route& route, core::Schemas& schemas) {
  const Operation& operation = route.operation;
  std::string out = "{";
  add_member(out, "operationId", in_quotes(operation.id));
  add_member(out, "summary", in_quotes(operation.summary));
  add_member(out, "tags", "[" + in_quotes(tag_of(operation.path)) + "]");
  add_member(out, "security", operation.guard.is_open() ? "[]" : R"([{"bearer":[]}])");
  if (!operation.guard.permission().empty()) add_member(out, "x-permission", in_quotes(operation.guard.permission()));
  add_member(out, "parameters", parameters(operation));
  if (route.request_schema)
    add_member(out, "requestBody",
               R"({"required":true,"content":{"application/json":{"schema":)" + route.request_schema(schemas) + "}}}");
  add_member(out, "responses", responses(route, schemas));
  return out + '}';
}

std::string components(core::Schemas& schemas) {
  schemas["Problem"] = problem_schema;
  schemas["ErrorCode"] = error_code_schema();
  std::string all = "{";
  for (const auto& [name, schema] : schemas) add_member(all, name, schema);
  return R"({"schemas":)" + all +
         R"(},"securitySchemes":{"bearer":{"type":"http","scheme":"bearer","bearerFormat":"JWT"}}})";
}

}  // namespace

std::vector<std::string_view> path_parameters(std::string_view path) {
  std::vector<std::string_view> names;
  for (size_t open = path.find('{'); open != std::string_view::npos; open = path.find('{', open + 1))
    names.push_back(path.substr(open + 1, path.find('}', open) - open - 1));
  return names;
}

std::vector<Code> error_codes(const Route& route) {
  const Operation& operation = route.operation;
  std::set<std::pair<int, Code>> found;
  const auto add = [&](std::initializer_list<Code> codes) {
    for (const Code code : codes) found.emplace(core::row(code).status, code);
  };
  for (const Code code : operation.errors) add({code});
  if (!operation.guard.is_open())
    add({Code::token_missing, Code::token_malformed, Code::token_invalid, Code::token_expired, Code::session_ended,
         Code::account_disabled, Code::store_unavailable});
  if (!operation.guard.permission().empty()) add({Code::permission_denied});
  if (operation.guard.is_recent()) add({Code::step_up_required});
  if (!operation.guard.is_open() && !operation.guard.lets_impersonators(operation.method))
    add({Code::impersonation_denied});
  if (route.takes_body)
    add({Code::malformed_json, Code::duplicate_key, Code::unknown_field, Code::validation_failed, Code::body_too_large,
         Code::unsupported_media_type});
  if (!operation.query.empty()) add({Code::unknown_field});
  if (!path_parameters(operation.path).empty()) add({Code::not_found});
  if (operation.lane == Lane::work) add({Code::overloaded, Code::internal});
  if (is_counted(operation)) add({Code::rate_limited});
  std::vector<Code> out;
  for (const auto& [status, code] : found) out.push_back(code);
  return out;
}

std::string openapi_json(std::span<const Route> routes, const ApiTitle& title) {
  core::Schemas schemas;
  std::vector<std::string_view> order;
  std::map<std::string_view, std::string> paths;
  for (const Route& route : routes) {
    auto [path, fresh] = paths.try_emplace(route.operation.path, "{");
    if (fresh) order.push_back(route.operation.path);
    add_member(path->second, lower(to_text(route.operation.method)), operation_json(route, schemas));
  }
  std::string all = "{";
  for (const auto path : order) add_member(all, std::string(path), paths[path] + '}');
  return R"({"openapi":"3.1.0","info":{"title":)" + in_quotes(title.title) + R"(,"version":)" +
         in_quotes(title.version) + R"(},"servers":[{"url":"/"}],"paths":)" + all + R"(},"components":)" +
         components(schemas) + '}';
}

std::string routes_markdown(std::span<const Route> routes) {
  std::string out =
      "| method | path | operation | who | success | errors | what it does |\n|---|---|---|---|---|---|---|\n";
  for (const Route& route : routes) {
    const Operation& operation = route.operation;
    std::string codes;
    for (const Code code : error_codes(route))
      codes += (codes.empty() ? "`" : " `") + std::string(core::row(code).name) + '`';
    std::string who = operation.guard.is_open() ? "anyone" : "session";
    if (!operation.guard.permission().empty()) who = '`' + std::string(operation.guard.permission()) + '`';
    if (operation.guard.is_recent()) who += ", recently";
    out += "| " + std::string(to_text(operation.method)) + " | `" + std::string(operation.path) + "` | " +
           std::string(operation.id) + " | " + who + " | " + std::to_string(operation.status) + " | " + codes + " | " +
           std::string(operation.summary) + " |\n";
  }
  return out;
}

std::vector<Route> reference_routes(std::span<const Route> routes, const ApiTitle& title) {
  struct Page {
    std::string body, lines;
  };
  const auto page = [](std::string_view path, std::string_view id, std::string_view summary, std::string_view type,
                       const std::shared_ptr<Page>& content) {
    auto made = route<NoBody, Response>(
        {.method = Method::get, .path = path, .id = id, .summary = summary, .guard = Guard::open(), .lane = Lane::fast},
        [](Context&) -> core::Result<Response> { return core::fail(Code::internal); });
    made.fast = [content, type](const Request&, FastAnswer& answer) {
      answer.content_type = type;
      answer.headers = content->lines;
      answer.body = content->body;
      return true;
    };
    return made;
  };
  const auto json = std::make_shared<Page>(), html = std::make_shared<Page>();
  std::vector<Route> made;
  made.push_back(page("/openapi.json", "openapi", "This description.", "application/json", json));
  made.push_back(page("/docs", "docs", "This description as a page to read.", "text/html; charset=utf-8", html));

  std::vector<Route> all(routes.begin(), routes.end());
  all.insert(all.end(), made.begin(), made.end());
  *json = {openapi_json(all, title), "Cache-Control: no-cache\r\n"};
  *html = {docs_page(all, title),
           "Cache-Control: no-cache\r\nContent-Security-Policy: " + docs_content_security_policy() + "\r\n"};
  return made;
}

}  // namespace http
