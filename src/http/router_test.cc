#include "http/router.h"

#include "http/test_site.h"

namespace http::test {
namespace {

struct Table {
  Hold hold;
  core::Metrics metrics;
  std::unique_ptr<Router> router = std::move(*Router::create(test_routes(hold), metrics));
  Router::Match find(Method method, std::string_view path) {
    Request request;
    request.method = method;
    request.path = path;
    return router->find(request);
  }
};

TEST(Router, FindsFixedPathsAndParameters) {
  Table table;
  struct Case {
    const char *path, *id;
  };
  for (const auto& [path, id] : std::initializer_list<Case>{{"/fast", "fast"},
                                                            {"/things/x", "thing"},
                                                            {"/things/a%2Fb", "thing"},
                                                            {"/things/x/parts/y", "part"},
                                                            {"/things/all/parts/y", "allParts"},
                                                            {"/things/all", "thing"}}) {
    const auto match = table.find(Method::get, path);
    ASSERT_EQ(match.found, Found::route) << path;
    EXPECT_EQ(match.entry->route.operation.id, id);
  }
  for (const auto path : {"/", "", "/fast/", "//fast", "/Fast", "/things/", "/things", "/things/x/", "/things//parts/y",
                          "/things/x/parts", "/%66ast", "/fast?x"})
    EXPECT_EQ(table.find(Method::get, path).found, Found::not_found) << path;
}

TEST(Router, HeadFindsGet) {
  Table table;
  EXPECT_EQ(table.find(Method::head, "/fast").entry, table.find(Method::get, "/fast").entry);
  EXPECT_EQ(table.find(Method::head, "/echo").found, Found::method_not_allowed);
}

TEST(Router, NamesTheMethodsOfAPath) {
  Table table;
  EXPECT_EQ(table.find(Method::post, "/fast").allow, "GET, HEAD, OPTIONS");
  EXPECT_EQ(table.find(Method::get, "/echo").allow, "POST, OPTIONS");
  EXPECT_EQ(table.find(Method::options, "/things/x").found, Found::options);
  EXPECT_EQ(table.find(Method::options, "*").found, Found::options);
}

TEST(Router, DecodesPathValuesOnce) {
  using Values = std::vector<std::pair<std::string_view, std::string>>;
  EXPECT_EQ(*Router::path_values("/a/{x}/b/{y}", "/a/1%2F2/b/%2541+"), (Values{{"x", "1/2"}, {"y", "%41+"}}));
  for (const auto path : {"/a/%", "/a/%4", "/a/%zz", "/a/%00", "/a/%ff", "/a/%c3"})
    EXPECT_FALSE(Router::path_values("/a/{x}", path)) << path;
}

TEST(Router, RefusesTwoRoutesOfOnePath) {
  core::Metrics metrics;
  const auto same = [](std::string_view id, std::string_view path) {
    return route<NoBody, NoBody>({.method = Method::get, .path = path, .id = id, .summary = "", .guard = Guard::open()},
                                 [](Context&) -> core::Result<NoBody> { return NoBody{}; });
  };
  EXPECT_FALSE(Router::create({same("a", "/x"), same("b", "/x")}, metrics));
  EXPECT_FALSE(Router::create({same("a", "/x"), same("a", "/y")}, metrics));
  EXPECT_FALSE(Router::create({same("a", "x")}, metrics));
  EXPECT_TRUE(Router::create({same("a", "/x"), same("b", "/y")}, metrics));
}

TEST(Router, RefusesToBeginWhatAGuardHasToAdmit) {
  core::Metrics metrics;
  auto made =
      route<NoBody, NoBody>({.method = Method::get, .path = "/x", .id = "x", .summary = "", .guard = Guard::session()},
                            [](Context&) -> core::Result<NoBody> { return NoBody{}; });
  made.later = [](Context&, Owed) {};
  std::vector<Route> routes;
  routes.push_back(std::move(made));
  EXPECT_FALSE(Router::create(std::move(routes), metrics));
}

}  // namespace
}  // namespace http::test
