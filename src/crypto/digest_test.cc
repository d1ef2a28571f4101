#include "crypto/digest.h"

#include <gtest/gtest.h>

#include <numeric>
#include <thread>

#include "crypto/base64url.h"
#include "crypto/vectors_for_test.h"

namespace crypto {
namespace {

TEST(Sha256, MatchesFips180Examples) {
  EXPECT_EQ(hex_encode(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex_encode(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(HmacSha256, MatchesWycheproof) {
  LOAD_VECTORS_OR_SKIP(file, "wycheproof/hmac_sha256_test.json");
  const int cases = each_case(*file, [](const auto& group, const auto& test) {
    const auto key = hex_at(test, "key"), message = hex_at(test, "msg"), tag = hex_at(test, "tag");
    const size_t size = static_cast<size_t>(group.at("tagSize").as_int64()) / 8;
    const bool valid = text_at(test, "result") == "valid";
    const Digest256 mac = hmac_sha256(key, message);
    EXPECT_EQ(equal(Bytes(mac).first(size), tag), valid);
    EXPECT_EQ(HmacKey(Secret(Bytes(key)))(message), mac);
  });
  printf("hmac_sha256: %d cases\n", cases);
  EXPECT_EQ(cases, 174);
}

TEST(HmacSha256, JoinsItsParts) {
  const auto whole = hmac_sha256(as_bytes("key"), as_bytes("one two"));
  EXPECT_EQ(hmac_sha256(as_bytes("key"), {as_bytes("one"), {}, as_bytes(" two")}), whole);
}

TEST(HmacSha256, TakesAnEmptyKeyAfterAnother) {
  const auto expected = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
  hmac_sha256(as_bytes("some other key"), as_bytes("x"));
  EXPECT_EQ(hex_encode(hmac_sha256({}, Bytes())), expected);
}

TEST(HmacKey, KeysDoNotMixInOneThread) {
  const HmacKey one(Secret(std::string("one"))), two(Secret(std::string("two")));
  const auto from_one = one(as_bytes("m")), from_two = two(as_bytes("m"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(one(as_bytes("m")), from_one);
    EXPECT_EQ(one(as_bytes("m")), hmac_sha256(as_bytes("one"), as_bytes("m")));
    EXPECT_EQ(two(as_bytes("m")), from_two);
  }
  const HmacKey copy = one;
  EXPECT_EQ(copy(as_bytes("m")), from_one);
}

TEST(HmacKey, IsSharedByThreads) {
  const HmacKey key(Secret(std::string("shared")));
  const auto expected = hmac_sha256(as_bytes("shared"), as_bytes("m"));
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 500; ++i) wrong += key(as_bytes("m")) != expected;
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

TEST(Hkdf, MatchesWycheproof) {
  LOAD_VECTORS_OR_SKIP(file, "wycheproof/hkdf_sha256_test.json");
  const int cases = each_case(*file, [](const auto&, const auto& test) {
    const auto info = hex_at(test, "info");
    const auto out = hkdf_sha256(hex_at(test, "ikm"), hex_at(test, "salt"), as_text(info),
                                 static_cast<size_t>(test.at("size").as_int64()));
    ASSERT_EQ(out.has_value(), text_at(test, "result") == "valid");
    if (out) {
      EXPECT_EQ(hex_encode(out->bytes()), text_at(test, "okm"));
    }
  });
  printf("hkdf_sha256: %d cases\n", cases);
  EXPECT_EQ(cases, 86);
}

TEST(Equal, ComparesContentAndSize) {
  EXPECT_TRUE(equal("same", "same"));
  EXPECT_TRUE(equal("", ""));
  EXPECT_FALSE(equal("same", "samf"));
  EXPECT_FALSE(equal("same", "same "));
  EXPECT_FALSE(equal("same", ""));
}

class CountingRandom final : public Random {
 public:
  void fill(std::span<uint8_t> out) override { std::iota(out.begin(), out.end(), uint8_t{0}); }
};

TEST(KeyedDigest, MatchesTheReferenceOfSipHash128) {
  CountingRandom random;
  const KeyedDigest digest(random);
  EXPECT_EQ(hex_encode(digest("")), "a3817f04ba25a8e66df67214c7550293");
  EXPECT_EQ(hex_encode(digest(std::string_view("\0", 1))), "da87c1d86b99af44347659119b22fc45");
}

TEST(KeyedDigest, DiffersBetweenProcessKeys) {
  SystemRandom random;
  const KeyedDigest one(random), two(random);
  EXPECT_EQ(one("token"), one("token"));
  EXPECT_NE(one("token"), two("token"));
  EXPECT_NE(one("token"), one("tokem"));
}

}  // namespace
}  // namespace crypto
