// The rules of one connection, without sockets.
#include <boost/json/parse.hpp>

#include "http/test_site.h"

namespace http::test {
namespace {

std::string code_of(const Reply& reply) {
  boost::system::error_code error;
  const auto body = boost::json::parse(reply.body, error);
  return error || !body.is_object() || !body.as_object().contains("code") ? ""
                                                                          : std::string(body.at("code").as_string());
}

TEST(Connection, AnswersTheSameWhateverThePieces) {
  const std::string bytes =
      get("/fast") + post("/echo", R"({"text":"one"})") + get("/things/a%20b") +
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n"
      "5\r\n{\"tex\r\n9;x=y\r\nt\":\"two\"}\r\n0\r\n\r\n" +
      "\r\n" + get("/work") + get("/nothing");
  for (const size_t piece : {size_t{1}, size_t{2}, size_t{7}, size_t{100}, size_t{100'000}}) {
    Bench bench;
    const auto replies = bench.feed(bytes, piece);
    ASSERT_EQ(replies.size(), 6u) << piece;
    EXPECT_EQ(replies[0].body, R"({"fast":true})");
    EXPECT_EQ(replies[1].body, R"({"text":"one"})");
    EXPECT_EQ(replies[2].body, "a b");
    EXPECT_EQ(replies[3].body, R"({"text":"two"})");
    EXPECT_EQ(replies[4].body, "worked");
    EXPECT_EQ(replies[5].status, 404);
    EXPECT_FALSE(bench.ended());
    EXPECT_EQ(bench.raw, "");
  }
}

TEST(Connection, WhatWasBegunIsAnsweredByOthersOrByAWorker) {
  Bench bench;
  const auto replies = bench.feed(get("/later/now") + get("/later/declines") + get("/later/drops") +
                                  get("/later/throws") + get("/fast"));
  ASSERT_EQ(replies.size(), 5u);
  EXPECT_EQ(replies[0].body, "by another thread");
  EXPECT_EQ(replies[1].body, "by a worker");
  for (const size_t whole : {0, 1}) EXPECT_EQ(replies[whole].header("X-Begun"), "1");
  for (const size_t lost : {2, 3}) {
    EXPECT_EQ(replies[lost].status, 500);
    EXPECT_EQ(code_of(replies[lost]), "internal");
    EXPECT_EQ(replies[lost].body.find("secret"), std::string::npos);
  }
  EXPECT_EQ(replies[4].body, R"({"fast":true})");
}

struct Case {
  std::string bytes;
  int status;
  std::string code;
};

TEST(Connection, ErrorsHaveTheirStatusAndCode) {
  const std::string long_field = "X: " + std::string(17'000, 'x') + "\r\n";
  const std::vector<Case> cases = {
      {get("/nothing"), 404, "not_found"},
      {get("/fast/"), 404, "not_found"},
      {get("/things/%zz"), 404, "not_found"},
      {post("/fast", "{}"), 405, "method_not_allowed"},
      {get("/echo"), 405, "method_not_allowed"},
      {"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405, "method_not_allowed"},
      {"LOCK / HTTP/1.1\r\nHost: a\r\n\r\n", 501, "method_not_implemented"},
      {post("/echo", "{}", ""), 415, "unsupported_media_type"},
      {post("/echo", "{}", "Content-Type: text/plain\r\n"), 415, "unsupported_media_type"},
      {post("/echo", "{}", "Content-Type: application/json; charset=latin1\r\n"), 415, "unsupported_media_type"},
      {post("/echo", "{}", "Content-Type: application/json\r\nContent-Type: application/json\r\n"), 415,
       "unsupported_media_type"},
      {post("/echo", "{}", "Content-Type: application/json\r\nContent-Encoding: gzip\r\n"), 415,
       "unsupported_media_type"},
      {post("/echo", ""), 400, "malformed_json"},
      {post("/echo", R"({"text":"a","text":"b"})"), 400, "duplicate_key"},
      {post("/echo", R"({"text":"a","more":1})"), 400, "unknown_field"},
      {post("/echo", R"({"text":1})"), 400, "validation_failed"},
      {post("/echo", std::string(65'537, ' ')), 413, "body_too_large"},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n", 413, "body_too_large"},
      {get("/" + std::string(9000, 'x')), 414, "uri_too_long"},
      {get("/fast", long_field), 431, "headers_too_large"},
      {get("/fast", "X : 1\r\n"), 400, "malformed_request"},
      {get("/fails"), 503, "store_unavailable"},
      {get("/throws"), 500, "internal"},
      {get("/fast/throws"), 500, "internal"},
      {"DELETE /private HTTP/1.1\r\nHost: a\r\n\r\n", 401, "token_missing"},
      {"DELETE /private HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer bad\r\n\r\n", 401, "token_invalid"},
      {post("/forbidden", "not json", "Authorization: Bearer bad\r\n"), 401, "token_invalid"},
      {post("/forbidden", "{}", "Authorization: Bearer good\r\n"), 403, "permission_denied"},
  };
  for (const auto& [bytes, status, code] : cases) {
    Bench bench;
    const auto replies = bench.feed(bytes);
    ASSERT_EQ(replies.size(), 1u) << bytes.substr(0, 100);
    EXPECT_EQ(replies[0].status, status) << bytes.substr(0, 100);
    EXPECT_EQ(code_of(replies[0]), code) << bytes.substr(0, 100);
    EXPECT_EQ(replies[0].header("Content-Type"), "application/problem+json; charset=utf-8");
    EXPECT_EQ(replies[0].body.find("secret"), std::string::npos);
    EXPECT_NE(replies[0].body.find(replies[0].header("X-Request-Id")), std::string::npos);
  }
}

TEST(Connection, ANotAllowedMethodNamesTheOthers) {
  EXPECT_EQ(Bench().feed(post("/fast", "")).at(0).header("Allow"), "GET, HEAD, OPTIONS");
  EXPECT_NE(Bench().feed("TRACE / HTTP/1.1\r\n").at(0).header("Allow"), "");
  const auto options = Bench().feed("OPTIONS /echo HTTP/1.1\r\nHost: a\r\n\r\n").at(0);
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.header("Allow"), "POST, OPTIONS");
}

TEST(Connection, AcceptsJsonInUtf8) {
  for (const auto type : {"application/json", "Application/JSON;charset=UTF-8", "application/json; charset=\"utf-8\"",
                          "application/json ; Charset=utf-8"})
    EXPECT_EQ(Bench().feed(post("/echo", R"({"text":""})", "Content-Type: " + std::string(type) + "\r\n")).at(0).status,
              200)
        << type;
  EXPECT_EQ(
      Bench()
          .feed(post("/echo", R"({"text":""})", "Content-Type: application/json\r\nContent-Encoding: identity\r\n"))
          .at(0)
          .status,
      200);
}

TEST(Connection, IgnoresABodyThatIsNotTaken) {
  Bench bench;
  const auto replies = bench.feed("GET /fast HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" + get("/work"));
  ASSERT_EQ(replies.size(), 2u);
  EXPECT_EQ(replies[1].body, "worked");
}

TEST(Connection, TheLargestBodyFits) {
  const auto body = R"({"text":")" + std::string(60'000, 'x') + "\"" + std::string(max_body - 60'011, ' ') + "}";
  ASSERT_EQ(body.size(), max_body);
  for (const size_t piece : {size_t{999}, size_t{1} << 20})
    EXPECT_EQ(Bench().feed(post("/echo", body), piece).at(0).status, 200);
}

TEST(Connection, HeadHasNoBody) {
  Bench bench;
  bench.feed("HEAD /fast HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_NE(bench.raw.find("Content-Length: 13\r\n"), std::string::npos);
  EXPECT_TRUE(bench.raw.ends_with("\r\n\r\n"));
}

TEST(Connection, KeepsAliveAsTold) {
  struct Alive {
    std::string bytes, connection;
    bool ended;
  };
  for (const auto& [bytes, connection, ended] :
       std::initializer_list<Alive>{{get("/fast"), "", false},
                                    {get("/fast", "Connection: close\r\n"), "close", true},
                                    {"GET /fast HTTP/1.0\r\n\r\n", "close", true},
                                    {get("/work", "Connection: close\r\n"), "close", true},
                                    {"GET /work HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "keep-alive", false}}) {
    Bench bench;
    const auto replies = bench.feed(bytes + bytes);
    EXPECT_EQ(replies.size(), ended ? 1u : 2u);
    EXPECT_EQ(replies[0].header("Connection"), connection);
    EXPECT_EQ(bench.ended(), ended);
  }
}

TEST(Connection, NothingBehindARefusalIsRead) {
  Bench bench;
  EXPECT_EQ(
      bench
          .feed("GET /fast HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
                get("/fast"))
          .size(),
      1u);
  EXPECT_TRUE(bench.ended());
}

TEST(Connection, SaysContinueOnce) {
  Bench bench;
  const std::string head =
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: "
      "12\r\n\r\n";
  auto replies = bench.feed(head);
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].status, 100);
  replies = bench.feed(R"({"text":"x"})", 1);
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].status, 200);
  EXPECT_EQ(Bench().feed(head + R"({"text":"x"})").size(), 1u);  // it was not waited for
  EXPECT_EQ(Bench()
                .feed("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 99999\r\n\r\n")
                .at(0)
                .status,
            413);
}

TEST(Connection, AFastRouteMayDecline) { EXPECT_EQ(Bench().feed(get("/fast/declines")).at(0).body, "by a worker"); }

TEST(Connection, AnyMethodWhenForwarded) {
  EXPECT_EQ(Bench().feed("PUT /check HTTP/1.1\r\nHost: a\r\n\r\n").at(0).status, 405);
  for (const auto method : {"PUT", "GET", "HEAD", "DELETE", "OPTIONS"}) {
    const auto reply =
        Bench().feed(std::string(method) + " /check HTTP/1.1\r\nHost: a\r\nX-Forwarded-Method: X\r\n\r\n").at(0);
    EXPECT_EQ(reply.status, 204);
    EXPECT_EQ(reply.header("X-Method"), method);
  }
}

TEST(Connection, BelievesOnlyTrustedProxies) {
  const std::string ask = get("/who",
                              "X-Forwarded-For: 198.51.100.9, 203.0.113.5\r\nX-Request-Id: given-1\r\nForwarded: "
                              "for=1.1.1.1\r\nX-Real-IP: 1.1.1.1\r\n");
  const auto untrusted = Bench().feed(ask).at(0);
  EXPECT_TRUE(untrusted.body.starts_with("192.0.2.1 ")) << untrusted.body;
  EXPECT_NE(untrusted.header("X-Request-Id"), "given-1");
  Config config;
  config.trusted_proxies = {"192.0.2.0/24"};
  EXPECT_EQ(Bench(config).feed(ask).at(0).body, "203.0.113.5 given-1");
  EXPECT_EQ(Bench(config).feed(get("/who", "X-Request-Id: a b\r\n")).at(0).body.substr(0, 10), "192.0.2.1 ");
}

TEST(Connection, DecodesTheQuery) {
  EXPECT_EQ(Bench().feed(get("/query?q=a+b&x=1&q=%26%3D%2541&q&%71=z&q=%zz")).at(0).body, "a b;&=%41;;z;%zz;");
  EXPECT_EQ(Bench().feed(get("/query")).at(0).body, "");
}

TEST(Connection, ManyPipelinedRequestsAreAnsweredInOrder) {
  std::string bytes;
  for (int i = 0; i < 2000; ++i) bytes += get(i % 7 ? "/things/" + std::to_string(i) : "/fast");
  const auto replies = Bench().feed(bytes);
  ASSERT_EQ(replies.size(), 2000u);
  for (size_t i = 0; i < replies.size(); ++i)
    if (i % 7) ASSERT_EQ(replies[i].body, std::to_string(i));
}

}  // namespace
}  // namespace http::test
