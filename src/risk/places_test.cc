#include "risk/places.h"

#include <gtest/gtest.h>

#include <fstream>

namespace risk {
namespace {

TEST(Places, DistancesAreThoseOfAGlobe) {
  EXPECT_NEAR(kilometres({48.8566, 2.3522}, {40.7128, -74.0060}), 5837, 5);
  EXPECT_NEAR(kilometres({0, 179.5}, {0, -179.5}), 111.2, 0.1) << "across the date line";
  EXPECT_NEAR(kilometres({90, 0}, {-90, 77}), 20'015, 1) << "from pole to pole";
  EXPECT_EQ(kilometres({1, 2}, {1, 2}), 0);
}

TEST(Places, AnAddressHasItsNetwork) {
  EXPECT_EQ(network_of("192.0.2.77"), "192.0.2.0/24");
  EXPECT_EQ(network_of("2001:db8:1:2:3::4"), "2001:db8:1::/48");
  EXPECT_EQ(network_of("::1"), "::/48");
  EXPECT_EQ(network_of(""), "");
  EXPECT_EQ(network_of("no address"), "");
  EXPECT_EQ(network_of("1.2.3"), "");
}

TEST(Places, WithoutADatabaseNothingIsKnown) {
  const auto places = Places::open("");
  ASSERT_TRUE(places);
  EXPECT_EQ(places->find("192.0.2.1").country, "");
  EXPECT_FALSE(places->find("192.0.2.1").location);
}

TEST(Places, AFileThatIsNoDatabaseIsNamed) {
  const std::string path = testing::TempDir() + "no.mmdb";
  std::ofstream(path) << "nothing";
  for (const std::string& one : {path, testing::TempDir() + "absent.mmdb"}) {
    const auto places = Places::open(one);
    ASSERT_FALSE(places);
    EXPECT_NE(places.error().detail.find(one), std::string::npos);
  }
}

}  // namespace
}  // namespace risk
