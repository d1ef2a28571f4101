#include "http/address.h"

#include <gtest/gtest.h>

namespace http {
namespace {

Address address(std::string_view text) { return *Address::parse(text); }

TEST(Address, MappedIPv4IsIPv4) {
  EXPECT_EQ(address("::ffff:192.0.2.1"), address("192.0.2.1"));
  EXPECT_EQ(address("::ffff:192.0.2.1").str(), "192.0.2.1");
  EXPECT_EQ(address("2001:DB8:0::1").str(), "2001:db8::1");
  for (const auto text : {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "fe80::1%eth0", "localhost", "1.2.3.4 ", "::1::"})
    EXPECT_FALSE(Address::parse(text)) << text;
}

TEST(Network, HoldsItsPrefix) {
  struct Case {
    const char *network, *address;
    bool held;
  };
  for (const auto& [network, inside, held] : std::initializer_list<Case>{{"10.0.0.0/8", "10.255.0.1", true},
                                                                         {"10.0.0.0/8", "11.0.0.1", false},
                                                                         {"192.0.2.128/25", "192.0.2.127", false},
                                                                         {"192.0.2.128/25", "192.0.2.200", true},
                                                                         {"192.0.2.1", "192.0.2.1", true},
                                                                         {"192.0.2.1", "192.0.2.2", false},
                                                                         {"0.0.0.0/0", "203.0.113.9", true},
                                                                         {"0.0.0.0/0", "2001:db8::1", false},
                                                                         {"2001:db8::/32", "2001:db8:ffff::1", true},
                                                                         {"2001:db8::/32", "2001:db9::1", false},
                                                                         {"::/0", "2001:db9::1", true},
                                                                         {"10.0.0.0/8", "::ffff:10.1.1.1", true}})
    EXPECT_EQ(Network::parse(network)->holds(address(inside)), held) << network << ' ' << inside;
  for (const auto text : {"10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "::/129", "10.0.0.0/8x", "x/8"})
    EXPECT_FALSE(Network::parse(text)) << text;
}

TEST(TrustedProxies, TheClientIsTheRightMostUntrustedAddress) {
  const std::vector<std::string> networks{"10.0.0.0/8", "::1"};
  const TrustedProxies proxies(networks);
  struct Case {
    const char* peer;
    std::vector<std::string_view> values;
    const char* client;
  };
  const std::vector<Case> cases = {
      {"10.0.0.1", {}, "10.0.0.1"},
      {"10.0.0.1", {"203.0.113.5"}, "203.0.113.5"},
      {"10.0.0.1", {"198.51.100.1, 203.0.113.5"}, "203.0.113.5"},  // the left one was written by the client
      {"10.0.0.1", {"203.0.113.5, 10.0.0.2"}, "203.0.113.5"},
      {"10.0.0.1", {"198.51.100.1", "203.0.113.5 ,10.0.0.3"}, "203.0.113.5"},
      {"10.0.0.1", {"10.0.0.9, 10.0.0.2"}, "10.0.0.9"},
      {"::1", {"203.0.113.5"}, "203.0.113.5"},
      {"203.0.113.7", {"198.51.100.1"}, "203.0.113.7"},  // not a proxy of ours
      {"10.0.0.1", {"unknown"}, "10.0.0.1"},
      {"10.0.0.1", {"203.0.113.5, unknown"}, "10.0.0.1"},
      {"10.0.0.1", {"203.0.113.5, unknown, 10.0.0.2"}, "10.0.0.2"},
      {"10.0.0.1", {"203.0.113.5:4711"}, "203.0.113.5"},
      {"10.0.0.1", {"[2001:db8::5]:4711"}, "2001:db8::5"},
      {"10.0.0.1", {"2001:db8::5"}, "2001:db8::5"},
      {"10.0.0.1", {"::ffff:203.0.113.5"}, "203.0.113.5"},
      {"10.0.0.1", {""}, "10.0.0.1"},
      {"10.0.0.1", {",,"}, "10.0.0.1"},
  };
  for (const auto& [peer, values, client] : cases)
    EXPECT_EQ(proxies.client(address(peer), values).str(), client) << peer << ' ' << (values.empty() ? "" : values[0]);
}

}  // namespace
}  // namespace http
