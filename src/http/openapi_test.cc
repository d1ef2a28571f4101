#include "http/openapi.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "http/test_site.h"

namespace http::test {
namespace {

namespace json = boost::json;

TEST(OpenApi, DescribesEveryRoute) {
  Hold hold;
  const auto routes = test_routes(hold);
  const auto text = openapi_json(routes, {});
  EXPECT_EQ(text, openapi_json(routes, {}));
  const auto parsed = json::parse(text);
  EXPECT_EQ(parsed.at("openapi").as_string(), "3.1.0");
  const auto& paths = parsed.at("paths").as_object();
  for (const auto& route : routes) {
    std::string method(to_text(route.operation.method));
    for (char& c : method) c = static_cast<char>(std::tolower(c));
    const auto& operation = paths.at(route.operation.path).at(method).as_object();
    EXPECT_EQ(operation.at("operationId").as_string(), route.operation.id);
    EXPECT_TRUE(operation.at("responses").as_object().contains(std::to_string(route.operation.status)));
    EXPECT_EQ(operation.at("parameters").as_array().size(), path_parameters(route.operation.path).size());
    EXPECT_EQ(operation.contains("requestBody"), route.takes_body);
  }
  const auto& forbidden = paths.at("/forbidden").at("post").as_object();
  EXPECT_EQ(forbidden.at("x-permission").as_string(), "never");
  for (const auto status : {"400", "401", "403", "413", "415", "500", "503"})
    EXPECT_TRUE(forbidden.at("responses").as_object().contains(status)) << status;
  const auto& schemas = parsed.at("components").at("schemas").as_object();
  for (const auto name : {"Text", "Problem", "ErrorCode"}) EXPECT_TRUE(schemas.contains(name));
}

// Every reference names a schema that is there.
void check_references(const json::value& value, const json::object& schemas) {
  if (value.is_array())
    for (const auto& item : value.as_array()) check_references(item, schemas);
  if (!value.is_object()) return;
  for (const auto& member : value.as_object()) {
    if (member.key() == "$ref") {
      const std::string_view to = member.value().as_string();
      EXPECT_TRUE(schemas.contains(to.substr(to.rfind('/') + 1))) << to;
    }
    check_references(member.value(), schemas);
  }
}

TEST(OpenApi, ReferencesResolve) {
  Hold hold;
  const auto parsed = json::parse(openapi_json(test_routes(hold), {}));
  check_references(parsed, parsed.at("components").at("schemas").as_object());
}

TEST(Docs, LoadNothingAndRunNothing) {
  Hold hold;
  auto routes = test_routes(hold);
  const auto page = docs_page(routes, {});
  for (const auto part : {"<script", "src=", "http://", "https://", "@import", "url("})
    EXPECT_EQ(page.find(part), std::string::npos) << part;
  for (const auto& route : routes) EXPECT_NE(page.find(std::string(route.operation.path)), std::string::npos);
  EXPECT_NE(page.find("schema-Text"), std::string::npos);
  EXPECT_NE(docs_content_security_policy().find("style-src 'sha256-"), std::string::npos);
}

TEST(Docs, AreServedWithTheirOwnPolicy) {
  Hold hold;
  core::Metrics metrics;
  const auto made = reference_routes(test_routes(hold), {});
  ASSERT_EQ(made.size(), 2u);
  for (const auto& route : made) {
    FastAnswer answer;
    ASSERT_TRUE(route.fast(Request{}, answer));
    EXPECT_NE(answer.headers.find("Cache-Control: no-cache\r\n"), std::string::npos);
    EXPECT_NE(answer.body.find("/docs"), std::string::npos);
  }
}

TEST(RoutesMarkdown, HasALineForEachRoute) {
  Hold hold;
  const auto routes = test_routes(hold);
  const auto text = routes_markdown(routes);
  EXPECT_EQ(static_cast<size_t>(std::ranges::count(text, '\n')), routes.size() + 2);
  EXPECT_NE(text.find("| DELETE | `/private` | deletePrivate | session | 204 |"), std::string::npos);
}

}  // namespace
}  // namespace http::test
