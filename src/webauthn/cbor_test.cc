#include "webauthn/cbor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "crypto/vectors_for_test.h"

namespace webauthn::cbor {
namespace {

std::optional<Value> decode_hex(std::string_view hex) {
  static std::vector<uint8_t> bytes;
  bytes = crypto::hex_decode(hex).value();
  return decode(bytes);
}

TEST(Cbor, ReadsWhatAuthenticatorsWrite) {
  EXPECT_EQ(decode_hex("1903e8")->integer(), 1000);
  EXPECT_EQ(decode_hex("390100")->integer(), -257);
  EXPECT_EQ(decode_hex("63e6b0b4")->text(), "水");
  EXPECT_EQ(decode_hex("4401020304")->bytes()->size(), 4u);
  EXPECT_EQ(decode_hex("f5")->number, 1u);
  const auto map = decode_hex("a301022161616162820304");
  EXPECT_EQ(map->find(1)->integer(), 2);
  EXPECT_EQ(map->find(-2)->text(), "a");
  EXPECT_EQ(map->find("b")->items.size(), 2u);
  EXPECT_EQ(map->find("c"), nullptr);
  EXPECT_EQ(map->find("b")->find(0), nullptr);
}

TEST(Cbor, NumbersBeyondInt64AreNoIntegers) {
  EXPECT_EQ(decode_hex("1b7fffffffffffffff")->integer(), INT64_MAX);
  EXPECT_EQ(decode_hex("3b7fffffffffffffff")->integer(), INT64_MIN);
  EXPECT_FALSE(decode_hex("1b8000000000000000")->integer());
  EXPECT_FALSE(decode_hex("3b8000000000000000")->integer());
  EXPECT_FALSE(decode_hex("4101")->integer());
}

TEST(Cbor, RefusesWhatIsNotCanonical) {
  for (const char* hex : {"",           "1817",           "1900ff", "1a0000ffff", "1b00000000ffffffff",
                          "580100",                                                      // wider than needed
                          "5f4101ff",   "9fff",           "bfff",   "7f6161ff",          // indefinite
                          "0000",       "a0f6",                                          // something behind it
                          "a201010102", "a2616101616102",                                // keys twice
                          "a14101f6",   "a1f500",         "a180f6",                      // keys of other kinds
                          "c100",       "f93c00",         "f7",     "f8ff",       "e0",  // tags, floats, simple values
                          "61ff",       "62c328",                                        // no UTF-8
                          "4401",       "8201",           "a101",   "1c"}) {
    EXPECT_FALSE(decode_hex(hex)) << hex;
  }
}

TEST(Cbor, BoundsDepthAndSize) {
  EXPECT_TRUE(decode_hex("8181818100"));
  EXPECT_FALSE(decode_hex("818181818100"));
  EXPECT_FALSE(decode(std::vector<uint8_t>(100000, 0x81)));
  EXPECT_FALSE(decode_hex("9bffffffffffffffff"));
  EXPECT_FALSE(decode_hex("bbffffffffffffffff"));
  EXPECT_FALSE(decode_hex("bb8000000000000000"));
  EXPECT_FALSE(decode_hex("5bffffffffffffffff00"));
}

TEST(Cbor, ReadLeavesWhatFollows) {
  const std::vector<uint8_t> two{0x01, 0x02};
  crypto::Bytes rest(two);
  EXPECT_EQ(read(rest)->integer(), 1);
  EXPECT_EQ(rest.size(), 1u);
}

TEST(CborVectors, WhatIsNotWellFormedIsRefused) {
  LOAD_VECTORS_OR_SKIP(file, "cbor/fail.json");
  for (const auto& test : file->as_array()) EXPECT_FALSE(decode(crypto::hex_at(test, "hex")));
  printf("cbor/fail: %zu cases\n", file->as_array().size());
  EXPECT_EQ(file->as_array().size(), 568u);
}

// Of RFC 8949's examples those that CTAP2's form has are read; the others hold floats, tags, simple values and
// indefinite lengths.
TEST(CborVectors, ExamplesOfTheRfc) {
  LOAD_VECTORS_OR_SKIP(file, "cbor/appendix_a.json");
  int read = 0;
  for (const auto& test : file->as_array()) {
    const auto bytes = crypto::hex_at(test, "hex");
    const uint8_t first = bytes[0];
    const bool simple = first >= 0xE0 && (first < 0xF4 || first > 0xF6);
    const bool tagged = first >= 0xC0 && first < 0xE0;
    const bool indefinite = crypto::text_at(test, "hex").ends_with("ff") && first != 0x1B && first != 0x3B;
    const bool inner = std::ranges::any_of(bytes, [](uint8_t byte) { return byte == 0x9F || byte == 0xBF; });
    const bool plain = !simple && !tagged && !indefinite && !inner;
    EXPECT_EQ(decode(bytes).has_value(), plain) << crypto::text_at(test, "hex");
    read += plain;
  }
  printf("cbor/appendix_a: %zu cases, %d read\n", file->as_array().size(), read);
  EXPECT_EQ(file->as_array().size(), 82u);
}

}  // namespace
}  // namespace webauthn::cbor
