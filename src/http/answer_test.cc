#include "http/answer.h"

#include "http/problem.h"
#include "http/test_site.h"

namespace http::test {
namespace {

TEST(Answer, DateIsOfTheHttpForm) {
  EXPECT_EQ(http_date(core::from_millis(784'111'777'123)), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(Answer, CarriesTheCommonHeaders) {
  const auto reply = Bench().feed(get("/fast")).at(0);
  for (const auto& [name, value] : std::initializer_list<std::pair<const char*, const char*>>{
           {"Cache-Control", "no-store"},
           {"X-Content-Type-Options", "nosniff"},
           {"Referrer-Policy", "no-referrer"},
           {"X-Frame-Options", "DENY"},
           {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
           {"Cross-Origin-Resource-Policy", "same-origin"},
           {"Content-Type", "application/json; charset=utf-8"},
           {"Content-Length", "13"},
           {"Strict-Transport-Security", ""},
           {"Server", ""},
           {"Connection", ""}})
    EXPECT_EQ(reply.header(name), value) << name;
  EXPECT_EQ(reply.header("X-Request-Id").size(), RequestIds::size);
  EXPECT_EQ(reply.header("Date").size(), 29u);
}

TEST(Answer, ARouteMayReplaceACommonHeader) {
  const auto reply = Bench().feed(get("/fast/cached")).at(0);
  EXPECT_EQ(reply.head.find("no-store"), std::string::npos);
  EXPECT_EQ(reply.header("Cache-Control"), "public, max-age=60");
  EXPECT_EQ(reply.header("X-Frame-Options"), "DENY");
}

TEST(Answer, SecureOnesDemandTls) {
  std::string out;
  append_answer(out, CommonHeaders(Transport::secure), {.status = 200, .body = "x"});
  EXPECT_NE(out.find("\r\nStrict-Transport-Security: max-age=31536000"), std::string::npos);
}

TEST(Answer, NoContentHasNeitherBodyNorLength) {
  for (const int status : {204, 304}) {
    std::string out;
    append_answer(out, CommonHeaders(Transport::plain),
                  {.status = status, .content_type = "application/json", .body = "x"});
    for (const auto part : {"\r\nContent-Length", "\r\nContent-Type"})
      EXPECT_EQ(out.find(part), std::string::npos) << out;
    EXPECT_TRUE(out.ends_with("\r\n\r\n"));
  }
}

TEST(Answer, AHeaderCannotBreakOut) {
  EXPECT_EQ(header_lines(
                {{"A", "1"}, {"B", "1\r\nC: 2"}, {"D\r\n", "1"}, {"", "1"}, {"E", std::string("\0", 1)}, {"F", "2\n"}}),
            "A: 1\r\n");
  const auto reply = Bench().feed(get("/splits")).at(0);
  EXPECT_EQ(reply.header("X-Good"), "1");
  EXPECT_EQ(reply.header("X-Injected"), "");
}

TEST(RequestIds, DifferAndCount) {
  RequestIds ids, others;
  const std::string first(ids.next()), second(ids.next()), other(others.next());
  EXPECT_NE(first, second);
  EXPECT_EQ(first.substr(0, 16), second.substr(0, 16));
  EXPECT_NE(first.substr(0, 16), other.substr(0, 16));
  EXPECT_TRUE(is_request_id(first));
  for (const std::string text : {"", "a b", "a\r\nb", "<x>", "\xff"}) EXPECT_FALSE(is_request_id(text));
  EXPECT_FALSE(is_request_id(std::string(65, 'a')));
}

TEST(Problem, ShowsEverythingButTheCause) {
  const core::Error error{.code = core::Code::unknown_field,
                          .detail = "Two.",
                          .fields = {{"a\"b", "unknown_field", "is not known here"}},
                          .cause = "secret"};
  EXPECT_EQ(
      problem_json(error, "id-1"),
      R"({"type":"urn:usher:error:unknown_field","title":"The request holds a field that is not known here.","status":400,)"
      R"("code":"unknown_field","detail":"Two.","requestId":"id-1",)"
      R"("errors":[{"field":"a\"b","code":"unknown_field","message":"is not known here"}]})");
  const core::Error ended{.code = core::Code::session_ended, .reason = "logout"},
      denied{.code = core::Code::permission_denied, .reason = "a:b"};
  EXPECT_NE(problem_json(ended, "").find(R"("reason":"logout")"), std::string::npos);
  EXPECT_NE(problem_json(denied, "").find(R"("permission":"a:b")"), std::string::npos);
}

TEST(Problem, SaysHowToGoOn) {
  Request request;
  for (const auto& row : core::error_rows()) {
    const auto lines = problem_lines(row.code);
    EXPECT_EQ(lines.starts_with("WWW-Authenticate: Bearer"), row.status == 401) << row.name;
    EXPECT_EQ(lines.starts_with("Retry-After: "), row.status == 503) << row.name;
    FastAnswer fast;
    write_problem({.code = row.code}, request, fast);
    const auto response = problem({.code = row.code}, request);
    EXPECT_EQ(fast.body, response.body);
    EXPECT_EQ(fast.headers, header_lines(response.headers));
    EXPECT_EQ(fast.status, row.status);
  }
}

}  // namespace
}  // namespace http::test
