#include "devices/device.h"

#include <gtest/gtest.h>

#include "core/utf8.h"
#include "devices/user_agent.h"

namespace devices {
namespace {

const UserAgents agents;

std::string chrome_on(std::string_view system, std::string_view version = "120.0.0.0") {
  return "Mozilla/5.0 (" + std::string(system) + ") AppleWebKit/537.36 (KHTML, like Gecko) Chrome/" +
         std::string(version) + " Safari/537.36";
}
std::string safari_on(std::string_view system, std::string_view version = "17.2") {
  return "Mozilla/5.0 (" + std::string(system) + ") AppleWebKit/605.1.15 (KHTML, like Gecko) Version/" +
         std::string(version) + " Mobile/15E148 Safari/604.1";
}
std::string firefox_on(std::string_view system, std::string_view version = "121.0") {
  return "Mozilla/5.0 (" + std::string(system) + "; rv:" + std::string(version) + ") Gecko/20100101 Firefox/" +
         std::string(version);
}
constexpr std::string_view mac = "Macintosh; Intel Mac OS X 10_15_7", windows = "Windows NT 10.0; Win64; x64";

struct Named {
  std::string header, name, platform;
};

TEST(Device, IsNamedAsItsOwnerWouldNameIt) {
  const Named rows[] = {
      {chrome_on(mac), "Chrome on macOS", "macos"},
      {chrome_on(windows), "Chrome on Windows", "windows"},
      {chrome_on("X11; Linux x86_64"), "Chrome on Linux", "linux"},
      {chrome_on("X11; CrOS x86_64 14541.0.0"), "Chrome on ChromeOS", "chromeos"},
      {"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile "
       "Safari/537.36",
       "Chrome on Android", "android"},
      {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
       "CriOS/120.0.6099.119 "
       "Mobile/15E148 Safari/604.1",
       "Chrome on iPhone", "ios"},
      {safari_on("iPhone; CPU iPhone OS 17_2 like Mac OS X"), "Safari on iPhone", "ios"},
      {safari_on("iPad; CPU OS 16_6 like Mac OS X"), "Safari on iPad", "ios"},
      {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 "
       "Safari/605.1.15",
       "Safari on macOS", "macos"},
      {firefox_on("X11; Ubuntu; Linux x86_64"), "Firefox on Ubuntu", "linux"},
      {firefox_on(windows), "Firefox on Windows", "windows"},
      {firefox_on("Android 14; Mobile"), "Firefox on Android", "android"},
      {chrome_on(windows) + " Edg/120.0.0.0", "Edge on Windows", "windows"},
      {chrome_on(windows) + " OPR/106.0.0.0", "Opera on Windows", "windows"},
      {"curl/7.88.1", "curl", ""},
      {"Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0)", "Internet Explorer on Windows", "windows"},
      {"", "Unknown device", ""},
      {"\xff\xfe", "Unknown device", ""},
  };
  for (const Named& row : rows) {
    const Device device = complete({}, row.header, agents);
    EXPECT_EQ(device.name, row.name) << row.header;
    EXPECT_EQ(device.platform.value_or(""), row.platform) << row.header;
  }
}

TEST(Device, WhatTheClientSentStays) {
  const Device sent{"My phone", "web", "1.2.3", "MyApp/1.2.3", "d-1"};
  EXPECT_EQ(complete(sent, chrome_on(mac), agents), sent);
}

TEST(Device, AnEmptyFieldIsFilledLikeAMissingOne) {
  const Device device = complete({.name = "", .platform = "", .user_agent = ""}, chrome_on(mac), agents);
  EXPECT_EQ(device, (Device{.name = "Chrome on macOS", .platform = "macos", .user_agent = chrome_on(mac)}));
}

TEST(Device, TheUserAgentThatWasSentNamesItRatherThanTheHeader) {
  const Device device = complete({.user_agent = chrome_on(windows)}, "node", agents);
  EXPECT_EQ(device.name, "Chrome on Windows");
  EXPECT_EQ(device.user_agent, chrome_on(windows));
}

TEST(Device, WithoutAHeaderThereIsNoUserAgentAndNoPlatform) {
  EXPECT_EQ(complete({}, "", agents), Device{.name = "Unknown device"});
}

TEST(Device, ALongOrDirtyHeaderIsCutAndCleaned) {
  const Device cut = complete({}, std::string(200, 'x') + std::string(100'000, '\xc3') + std::string(300, 'y'), agents);
  EXPECT_EQ(cut.user_agent, std::string(200, 'x') + std::string(56, 'y'));
  std::string umlauts;
  for (int i = 0; i < 1000; ++i) umlauts += "ä";
  EXPECT_EQ(core::count_code_points(*complete({}, umlauts, agents).user_agent), 256u);
  const Device dirty = complete({}, std::string_view("curl/7\0\r\nSet-Cookie: a\xff", 23), agents);
  EXPECT_EQ(dirty.user_agent, "curl/7Set-Cookie: a");
  EXPECT_EQ(dirty.name, "curl");
}

TEST(Device, ANameHasAtMost128Characters) {
  const std::string header = std::string(120, 'B') + "Bot/1.0 " + std::string(300, 'a') + "bot (Windows NT 10.0)";
  EXPECT_LE(core::count_code_points(*complete({}, header, agents).name), 128u);
}

Family family(std::string_view header, const Device& sent = {}) { return family_of(sent, header, agents); }

TEST(Family, AnUpdateIsTheSameDevice) {
  const std::pair<std::string, std::string> updates[] = {
      {chrome_on(mac, "120.0.0.0"), chrome_on(mac, "121.0.6167.85")},
      {chrome_on(windows, "99.0"), chrome_on("Windows NT 11.0; Win64; x64", "100.0")},
      {safari_on("iPhone; CPU iPhone OS 16_7 like Mac OS X", "16.7"),
       safari_on("iPhone; CPU iPhone OS 17_0 like Mac OS X", "17.0")},
      {firefox_on("X11; Ubuntu; Linux x86_64", "121.0"),
       firefox_on("X11; Linux x86_64", "122.0")},  // it dropped the word
      {firefox_on("Android 13; Mobile", "118.0"), firefox_on("Android 14; Mobile", "119.0")},
      {"MyApp/1.2 (com.example; build:7; iOS 17.1.0) Alamofire/5.8.1",
       "MyApp/2.0 (com.example; build:9; iOS 18.0.0) Alamofire/5.9.0"},
      {"MyApp/12 CFNetwork/1410.1 Darwin/22.6.0", "MyApp/13 CFNetwork/1490.0.4 Darwin/23.2.0"},
      {"okhttp/4.9.0", "okhttp/5.0.0"},
      {"curl/7.88.1", "curl/8.5.0"},
  };
  for (const auto& [before, after] : updates) {
    EXPECT_TRUE(same_device(family(before), family(after))) << family(before).str() << " / " << family(after).str();
  }
}

TEST(Family, AnotherBrowserOrPlatformIsAnotherDevice) {
  EXPECT_FALSE(same_device(family(chrome_on(mac)), family(firefox_on(mac))));
  EXPECT_FALSE(same_device(family(chrome_on(mac)), family(chrome_on(windows))));
  EXPECT_FALSE(same_device(family(chrome_on(mac)), family("curl/7.88.1")));
  EXPECT_FALSE(same_device(family(chrome_on(mac)), family("python-requests/2.31.0")));
}

TEST(Family, AnotherDeviceIdIsAnotherDevice) {
  const Device one{.device_id = "one"}, two{.device_id = "two"};
  EXPECT_FALSE(same_device(family(chrome_on(mac), one), family(chrome_on(mac), two)));
  EXPECT_TRUE(same_device(family(chrome_on(mac), one), family(chrome_on(mac), one)));
}

TEST(Family, WhatIsMissingOnOneSideIsNotAnotherDevice) {
  const Family known = family(chrome_on(mac), {.device_id = "one"});
  for (const char* header : {"", "node", "\x01"}) {
    EXPECT_TRUE(same_device(known, family(header))) << header;
    EXPECT_TRUE(same_device(family(header), known)) << header;
  }
  EXPECT_TRUE(same_device(known, family(chrome_on(mac))));
  EXPECT_TRUE(same_device({}, {}));
}

TEST(Family, TheSentPlatformCountsOnlyWhereTheHeaderDoesNotTell) {
  EXPECT_EQ(family("okhttp/4.9.0", {.platform = "Android 14"}).platform, "android");
  EXPECT_EQ(family(chrome_on(mac), {.platform = "ios"}).platform, "macos");
  EXPECT_EQ(family("node", {.platform = "web"}).platform, "");
}

TEST(Family, SurvivesTheColumnItIsStoredIn) {
  const Family families[] = {
      {},
      {"macos", "Chrome", ""},
      {"", "curl", "id|with|bars"},
      {"", "", "x"},
      family(chrome_on(mac), {.device_id = "a|b"}),
  };
  for (const Family& one : families) EXPECT_EQ(Family::parse(one.str()), one) << one.str();
  EXPECT_EQ(Family{}.str(), "");
  EXPECT_EQ(Family::parse((Family{"a|b", "c", "d"}).str()), (Family{"a/b", "c", "d"}));
  for (const char* text : {"|", "||", "|||", "a", "a|b"}) EXPECT_NO_FATAL_FAILURE(Family::parse(text));
}

}  // namespace
}  // namespace devices
