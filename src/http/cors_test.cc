#include "http/cors.h"

#include "http/test_site.h"

namespace http::test {
namespace {

Config listing(std::vector<std::string> origins) {
  Config config;
  config.cors_origins = std::move(origins);
  return config;
}

TEST(Cors, AnOriginIsSchemeHostAndPort) {
  for (const auto text : {"https://app.example.com", "http://localhost:5173", "capacitor://localhost"})
    EXPECT_TRUE(is_origin(text)) << text;
  for (const auto text : {"*", "null", "", "https://", "https://a/", "https://a/b", "https://*.a.com", "https://A.com",
                          "https://u@a", "a.com", "https://a b"})
    EXPECT_FALSE(is_origin(text)) << text;
}

TEST(Cors, OnlyListedOriginsAreNamed) {
  struct Case {
    const char* origin;
    bool allowed;
  };
  for (const auto& path : {"/fast", "/work", "/nothing", "/fails"})
    for (const auto& [origin, allowed] : std::initializer_list<Case>{{"https://app.example.com", true},
                                                                     {"https://app.example.com:443", false},
                                                                     {"http://app.example.com", false},
                                                                     {"https://app.example.com.evil.test", false},
                                                                     {"https://evil-app.example.com", false},
                                                                     {"null", false},
                                                                     {"*", false}}) {
      Bench bench(listing({"https://other.example", "https://app.example.com"}));
      const auto reply = bench.feed(get(path, "Origin: " + std::string(origin) + "\r\n")).at(0);
      EXPECT_EQ(reply.header("Access-Control-Allow-Origin"), allowed ? origin : "") << path << ' ' << origin;
      EXPECT_EQ(reply.header("Access-Control-Allow-Credentials"), allowed ? "true" : "");
      EXPECT_EQ(reply.header("Vary"), "Origin");
    }
}

TEST(Cors, IsSilentByDefault) {
  Bench bench;
  const auto reply = bench.feed(get("/fast", "Origin: https://app.example.com\r\n")).at(0);
  EXPECT_EQ(reply.header("Vary"), "");
  EXPECT_EQ(reply.header("Access-Control-Allow-Origin"), "");
}

TEST(Cors, AnswersAPreflight) {
  Bench bench(listing({"https://app.example.com"}));
  const auto ask = [&](std::string path, std::string origin) {
    return bench
        .feed("OPTIONS " + path + " HTTP/1.1\r\nHost: a\r\nOrigin: " + origin +
              "\r\nAccess-Control-Request-Method: POST\r\n\r\n")
        .at(0);
  };
  const auto allowed = ask("/echo", "https://app.example.com");
  EXPECT_EQ(allowed.status, 204);
  EXPECT_EQ(allowed.header("Access-Control-Allow-Methods"), "POST, OPTIONS");
  EXPECT_EQ(allowed.header("Access-Control-Allow-Headers"), "Authorization, Content-Type");
  EXPECT_EQ(allowed.header("Access-Control-Allow-Origin"), "https://app.example.com");
  EXPECT_EQ(ask("/fast", "https://app.example.com").header("Access-Control-Allow-Methods"), "GET, HEAD, OPTIONS");
  const auto other = ask("/echo", "https://evil.test");
  EXPECT_EQ(other.status, 204);
  EXPECT_EQ(other.header("Access-Control-Allow-Methods"), "");
  EXPECT_EQ(ask("/nothing", "https://app.example.com").status, 404);
}

}  // namespace
}  // namespace http::test
