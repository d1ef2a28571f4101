#include "http/head.h"

#include <gtest/gtest.h>

namespace http {
namespace {

using core::Code;

Head parse(std::string_view bytes, Request& request) { return parse_head(bytes, request); }
Head parse(std::string_view bytes) {
  static Request request;
  return parse_head(bytes, request);
}
std::string with_host(std::string_view fields) {
  return "POST /x HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

TEST(Head, ReadsRequestLineAndFields) {
  Request request;
  const std::string bytes =
      "PATCH /auth/me?a=b&c HTTP/1.1\r\nHost: example.com:80\r\nX-One:  two words \t\r\nEmpty:\r\n\r\nrest";
  const auto head = parse(bytes, request);
  ASSERT_EQ(head.state, HeadState::complete);
  EXPECT_EQ(head.size, bytes.size() - 4);
  EXPECT_EQ(request.method, Method::patch);
  EXPECT_EQ(request.path, "/auth/me");
  EXPECT_EQ(request.query, "a=b&c");
  EXPECT_EQ(request.header("x-one"), "two words");
  EXPECT_EQ(request.header_count, 3u);
  EXPECT_TRUE(request.keep_alive);
  EXPECT_EQ(head.framing, Framing::none);
}

TEST(Head, NeedsEveryByteOfItself) {
  const std::string bytes = "\r\nGET /fast HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nContent-Length: 3\r\n\r\n";
  for (size_t size = 0; size < bytes.size(); ++size)
    ASSERT_EQ(parse(std::string_view(bytes).substr(0, size)).state, HeadState::need_more) << size;
  EXPECT_EQ(parse(bytes).state, HeadState::complete);
}

struct Case {
  std::string bytes;
  Code code = Code::malformed_request;
};

TEST(Head, RefusesWhatTwoReadersCouldReadDifferently) {
  const std::vector<Case> cases = {
      {"GET / HTTP/1.1\nHost: a\n\n"},
      {"GET / HTTP/1.1\r\nHost: a\n\r\n"},
      {"GET / HTTP/1.1\rHost: a\r\n\r\n"},
      {with_host("X: a\rb\r\n")},
      {with_host("X: a\nb\r\n")},
      {with_host(std::string("X: a\0b\r\n", 8))},
      {with_host("X: \x01\r\n")},
      {with_host("X: \x7f\r\n")},
      {with_host("X: 1\r\n folded\r\n")},
      {with_host("X : 1\r\n")},
      {with_host(": 1\r\n")},
      {with_host("X\r\n")},
      {with_host("X Y: 1\r\n")},
      {with_host("X\xff: 1\r\n")},
      {with_host("Host: a\r\n")},
      {with_host("host: b\r\n")},
      {"GET / HTTP/1.1\r\n\r\n"},
      {"GET / HTTP/1.1\r\nHost:\r\n\r\n"},
      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
      {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
      {"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"},
      {"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n"},
      {"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"},
      {"GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n"},
      {"GET / HTTP/1.1\r\nHost: \xc3\xa9\r\n\r\n"},
      {with_host("Content-Length: 1\r\nContent-Length: 1\r\n")},
      {with_host("Content-Length: 1\r\nContent-Length: 2\r\n")},
      {with_host("Content-Length: 1, 1\r\n")},
      {with_host("Content-Length: +1\r\n")},
      {with_host("Content-Length: -1\r\n")},
      {with_host("Content-Length: 0x1\r\n")},
      {with_host("Content-Length: 1 1\r\n")},
      {with_host("Content-Length:\r\n")},
      {with_host("Content-Length: 18446744073709551617\r\n")},
      {with_host("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n")},
      {with_host("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n")},
      {with_host("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")},
      {with_host("Transfer-Encoding: gzip, chunked\r\n")},
      {with_host("Transfer-Encoding: identity\r\n")},
      {with_host("Transfer-Encoding: xchunked\r\n")},
      {with_host("Transfer-Encoding: chunked,\r\n")},
      {with_host("Transfer-Encoding: \x0b"
                 "chunked\r\n")},
      {"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {with_host("Expect: something\r\n")},
      {" GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"GET /  HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n"},
      {"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"GET x HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"GET * HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"GET /\r\nHost: a\r\n\r\n"},
      {"GET / HTTP/2.0\r\n\r\n"},
      {"GET / HTTP/1.2\r\nHost: a\r\n\r\n"},
      {"GET / http/1.1\r\nHost: a\r\n\r\n"},
      {"GET / HTTP/1.11\r\nHost: a\r\n\r\n"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {"\x16\x03\x01"},
      {"\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", Code::method_not_allowed},
      {"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", Code::method_not_allowed},
      {"get / HTTP/1.1\r\nHost: a\r\n\r\n", Code::method_not_implemented},
      {"GETS / HTTP/1.1\r\nHost: a\r\n\r\n", Code::method_not_implemented},
      {"PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n", Code::method_not_implemented},
      {with_host("Content-Length: 65537\r\n"), Code::body_too_large},
      {with_host("Content-Length: 999999999999999999\r\n"), Code::body_too_large},
  };
  for (const auto& [bytes, code] : cases) {
    const auto head = parse(bytes);
    EXPECT_EQ(head.state, HeadState::refused) << bytes;
    EXPECT_EQ(core::row(head.code).name, core::row(code).name) << bytes;
  }
}

TEST(Head, AcceptsWhatOthersSend) {
  const std::vector<std::string> cases = {
      with_host(""),
      with_host("Content-Length: 0\r\n"),
      with_host("Content-Length: 00012\r\n"),
      with_host("Content-Length:\t12  \r\n"),
      with_host("transfer-encoding: Chunked\r\n"),
      with_host("X: caf\xc3\xa9\r\n"),
      with_host("X:\r\n"),
      with_host("x_y: 1\r\n"),
      "GET / HTTP/1.0\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET http://A:80/x?y HTTP/1.1\r\nHost: a:80\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: [::1]:3000\r\n\r\n",
      "GET /?a=b?c HTTP/1.1\r\nHost: a.b-c_d~e%41\r\n\r\n",
      with_host("Upgrade: websocket\r\nConnection: upgrade\r\n"),
  };
  for (const auto& bytes : cases) EXPECT_EQ(parse(bytes).state, HeadState::complete) << bytes;
}

TEST(Head, SplitsAnAbsoluteTarget) {
  Request request;
  parse("GET http://a?x=1 HTTP/1.1\r\nHost: a\r\n\r\n", request);
  EXPECT_EQ(request.path, "/");
  EXPECT_EQ(request.query, "x=1");
}

TEST(Head, KeepsAliveAsItsVersionSays) {
  const std::vector<std::pair<std::string, bool>> cases = {
      {"1.1\r\nHost: a\r\n", true},
      {"1.1\r\nHost: a\r\nConnection: x, Close\r\n", false},
      {"1.1\r\nHost: a\r\nConnection: keep-alive\r\nConnection: close\r\n", false},
      {"1.0\r\n", false},
      {"1.0\r\nConnection: Keep-Alive\r\n", true}};
  for (const auto& [tail, kept] : cases) {
    Request request;
    ASSERT_EQ(parse("GET / HTTP/" + tail + "\r\n", request).state, HeadState::complete);
    EXPECT_EQ(request.keep_alive, kept) << tail;
  }
}

TEST(Head, HoldsItsLimits) {
  const auto line_of = [](size_t size) { return "GET /" + std::string(size - 16, 'a') + " HTTP/1.1\r\n"; };
  EXPECT_EQ(parse(line_of(max_request_line) + "Host: a\r\n\r\n").state, HeadState::complete);
  EXPECT_EQ(parse(line_of(max_request_line + 1) + "Host: a\r\n\r\n").code, Code::uri_too_long);
  EXPECT_EQ(parse("GET /" + std::string(max_request_line, 'a')).code, Code::uri_too_long);
  EXPECT_EQ(parse(std::string(max_request_line, 'G')).code, Code::uri_too_long);

  const auto fields_of = [](size_t size) {
    return "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(size - 16, 'a') + "\r\n\r\n";
  };
  EXPECT_EQ(parse(fields_of(max_header_bytes)).state, HeadState::complete);
  EXPECT_EQ(parse(fields_of(max_header_bytes + 1)).code, Code::headers_too_large);
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nX: " + std::string(max_header_bytes, 'a')).code, Code::headers_too_large);
  EXPECT_EQ(parse("GET / HTTP/1.1\r\n" + std::string(max_header_bytes, 'a')).code, Code::headers_too_large);

  std::string many;
  for (size_t i = 0; i < Request::max_headers - 1; ++i) many += "A: b\r\n";
  EXPECT_EQ(parse(with_host(many)).state, HeadState::complete);
  EXPECT_EQ(parse(with_host(many + "A: b\r\n")).code, Code::headers_too_large);
}

TEST(Head, ReadsTheSameWithEveryLengthOfValue) {
  for (size_t size = 0; size < 40; ++size)
    for (const char bad : {'\0', '\n', '\x1f', '\x7f'}) {
      const std::string value(size, 'v');
      Request request;
      const auto good = with_host("X: " + value + "\r\n");
      ASSERT_EQ(parse(good, request).state, HeadState::complete);
      ASSERT_EQ(request.header("X"), value);
      ASSERT_EQ(parse(with_host("X: " + value + bad + value + "\r\n")).state, HeadState::refused) << size;
    }
}

TEST(Request, TwoOfAHeaderAreNone) {
  Request request;
  const auto bytes = with_host("Authorization: a\r\nauthorization: b\r\n");
  parse(bytes, request);
  EXPECT_EQ(request.header("Authorization"), "");
  EXPECT_EQ(request.count("Authorization"), 2u);
}

}  // namespace
}  // namespace http
