#include "passwords/breaches.h"

#include <gtest/gtest.h>

#include "crypto/digest.h"

namespace passwords {
namespace {

// "password": 5BAA6 and the rest, as Have I Been Pwned documents it.
const std::string suffix = "1E4C9B93F3F0682250B6CF8331B7EE68FD8";

TEST(Breaches, TheHashIsTheOneThatTheServicesKnow) {
  EXPECT_EQ(crypto::sha1_hex(crypto::as_bytes("password")), "5BAA6" + suffix);
}

TEST(Breaches, AnAnswerIsReadLineByLine) {
  const std::string other = "0018A45C4D1DEF81644B54AB7F969B88D65:1";
  EXPECT_TRUE(range_holds(suffix + ":3861493", suffix));
  EXPECT_TRUE(range_holds(other + "\r\n" + suffix + ":10\r\n", suffix));
  EXPECT_TRUE(range_holds(other + "\n" + suffix + ":1\n" + other, suffix));
  EXPECT_FALSE(range_holds(other + "\r\n", suffix));
  EXPECT_FALSE(range_holds("", suffix));
}

TEST(Breaches, PaddingAndGarbageAreNoLeaks) {
  EXPECT_FALSE(range_holds(suffix + ":0\r\n", suffix));
  EXPECT_FALSE(range_holds(suffix + ":\r\n", suffix));
  EXPECT_FALSE(range_holds(suffix, suffix));
  EXPECT_FALSE(range_holds(suffix.substr(0, 34) + ":5", suffix));
  EXPECT_FALSE(range_holds("<html>" + suffix + "</html>", suffix));
}

TEST(Breaches, WithoutAServiceNobodyIsAsked) {
  core::Metrics metrics;
  Breaches breaches({}, metrics);
  EXPECT_TRUE(breaches.check(crypto::Secret("password"), "password"));
}

// Port 1 of loopback: nobody listens there.
TEST(Breaches, AServiceThatCannotBeAskedKeepsNobodyOut) {
  core::Metrics metrics;
  Breaches breaches({.breach_url = "http://127.0.0.1:1/range/"}, metrics);
  EXPECT_TRUE(breaches.check(crypto::Secret("password"), "password"));
  EXPECT_TRUE(breaches.check(crypto::Secret("password"), "password")) << "it is left alone for a while";
  EXPECT_NE(metrics.render().find("usher_breach_checks_total{outcome=\"failed\"} 1"), std::string::npos);
  EXPECT_NE(metrics.render().find("usher_breach_checks_total{outcome=\"unasked\"} 1"), std::string::npos);
}

}  // namespace
}  // namespace passwords
