#include "crypto/base64url.h"

#include <gtest/gtest.h>

#include "crypto/random.h"

namespace crypto {
namespace {

std::string text_of(std::string_view encoded) { return base64url_decode_text(encoded).value_or("(refused)"); }

TEST(Base64Url, EncodesTheExamplesOfRfc4648WithoutPadding) {
  const std::pair<std::string_view, std::string_view> examples[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xFB\xEF\xFF", "--__"}};
  for (auto [text, encoded] : examples) {
    EXPECT_EQ(base64url_encode(as_bytes(text)), encoded);
    EXPECT_EQ(text_of(encoded), text);
  }
}

TEST(Base64Url, RefusesEverySpellingButOne) {
  for (std::string_view bad :
       {"Zg==", "Zg=",  "Zm9v=", "Z",  "A",   "AAAAA",  "Zm9vY",   " Zg",        "Zg ",  "Z g",
        "Zg\n", "+/+/", "Zm9v.", "Zh", "Zm9", "Zm9vYh", "Zm9vYmF", "Zm\xC3\xA4", "====", "Zm9v\r\nYmFy"}) {
    EXPECT_FALSE(base64url_decode(bad)) << bad;
  }
  EXPECT_FALSE(base64url_decode(std::string_view("Zm\0v", 4)));
}

TEST(Base64Url, AppendsToWhatIsThere) {
  std::string out = "head.";
  append_base64url(out, as_bytes("foo"));
  EXPECT_EQ(out, "head.Zm9v");
}

TEST(Base64Url, RoundTripsAndAcceptsOnlyCanonicalText) {
  const uint64_t seed = 20260101;
  printf("seed %llu\n", static_cast<unsigned long long>(seed));
  SeededRandom random(seed);
  for (int round = 0; round < 5000; ++round) {
    std::vector<uint8_t> bytes(random.below(70));
    random.fill(bytes);
    const std::string encoded = base64url_encode(bytes);
    ASSERT_EQ(base64url_decode(encoded), bytes);
    if (encoded.empty()) continue;
    std::string changed = encoded;
    changed[random.below(static_cast<uint32_t>(changed.size()))] = static_cast<char>(random.below(256));
    const auto decoded = base64url_decode(changed);
    if (decoded) {
      ASSERT_EQ(base64url_encode(*decoded), changed);
    }
  }
}

TEST(Hex, IsLowerCasePairs) {
  const std::vector<uint8_t> bytes{0x00, 0x9f, 0xff};
  EXPECT_EQ(hex_encode(bytes), "009fff");
  EXPECT_EQ(hex_decode("009fff"), bytes);
  for (std::string_view bad : {"0", "0g", "FF", " 00", "0x"}) EXPECT_FALSE(hex_decode(bad)) << bad;
}

}  // namespace
}  // namespace crypto
