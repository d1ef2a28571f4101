#include "http/http_config.h"

#include <gtest/gtest.h>

namespace http {
namespace {

TEST(HttpConfig, ListensWhereItIsTold) {
  struct Case {
    const char *text, *address;
    int port;
  };
  for (const auto& [text, address, port] : std::initializer_list<Case>{{"3000", "127.0.0.1", 3000},
                                                                       {"0.0.0.0:80", "0.0.0.0", 80},
                                                                       {":8080", "0.0.0.0", 8080},
                                                                       {"*:8080", "0.0.0.0", 8080},
                                                                       {"localhost:1", "127.0.0.1", 1},
                                                                       {"[::1]:3000", "::1", 3000},
                                                                       {"[::]:0", "::", 0}}) {
    const auto listen = parse_listen(text);
    ASSERT_TRUE(listen) << text;
    EXPECT_EQ(listen->address, address);
    EXPECT_EQ(listen->port, port);
  }
  for (const auto text :
       {"", "x", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "example.com:80", "::1:80x", "1.2.3:80"})
    EXPECT_FALSE(parse_listen(text)) << text;
}

TEST(HttpConfig, SettingsReadPort) {
  core::Settings settings;
  Config config;
  declare(settings, config);
  auto* listen = settings.find("http.listen");
  ASSERT_TRUE(listen);
  EXPECT_EQ(listen->rule.also_from, std::vector<std::string_view>{"PORT"});
  ASSERT_TRUE(listen->set("8081"));
  EXPECT_EQ(public_url(config), "http://127.0.0.1:8081");
  ASSERT_TRUE(settings.find("http.idle_timeout")->set("2m"));
  EXPECT_EQ(config.idle_timeout, core::Seconds(120));
  EXPECT_FALSE(settings.find("http.workers")->set("0"));
}

TEST(HttpConfig, PublicUrlHasNoSlashAtItsEnd) {
  Config config;
  config.public_url = "https://auth.example.com/";
  EXPECT_EQ(public_url(config), "https://auth.example.com");
  config.public_url = "";
  config.listen = "[::1]:443";
  config.tls_cert = "x";
  EXPECT_EQ(public_url(config), "https://[::1]:443");
}

TEST(HttpConfig, ChecksNameTheSetting) {
  const auto refused = [](auto change) {
    Config config;
    EXPECT_TRUE(check(config));
    change(config);
    const auto result = check(config);
    return result ? std::string("accepted") : result.error().detail;
  };
  EXPECT_TRUE(refused([](Config& c) { c.listen = "x"; }).starts_with("http.listen"));
  EXPECT_TRUE(refused([](Config& c) {
                c.trusted_proxies = {"10.0.0.0/8", "10.0.0.0/99"};
              }).starts_with("http.trusted_proxies"));
  EXPECT_TRUE(refused([](Config& c) { c.cors_origins = {"*"}; }).starts_with("http.cors_origins"));
  EXPECT_TRUE(refused([](Config& c) { c.cors_origins = {"null"}; }).starts_with("http.cors_origins"));
  EXPECT_TRUE(refused([](Config& c) { c.public_url = "auth.example.com"; }).starts_with("http.public_url"));
  EXPECT_TRUE(refused([](Config& c) { c.tls_cert = "x"; }).starts_with("http.tls_cert"));
}

}  // namespace
}  // namespace http
