#include "crypto/seal.h"

#include <gtest/gtest.h>

#include "crypto/aead.h"
#include "crypto/random.h"
#include "crypto/vectors_for_test.h"

namespace crypto {
namespace {

Secret master(char fill) { return Secret(std::string(32, fill)); }

void expect_refused(const core::Result<Secret>& opened) {
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, core::Code::internal);
  EXPECT_EQ(opened.error().cause, "sealed value does not open");
}

TEST(Aead, MatchesWycheproof) {
  LOAD_VECTORS_OR_SKIP(file, "wycheproof/aes_gcm_test.json");
  int ran = 0;
  const int cases = each_case(*file, [&](const auto& group, const auto& test) {
    if (group.at("keySize") != 256) return;
    ++ran;
    auto sealed = hex_at(test, "ct");
    const auto key = hex_at(test, "key"), nonce = hex_at(test, "iv"), associated = hex_at(test, "aad");
    const auto tag = hex_at(test, "tag"), message = hex_at(test, "msg");
    sealed.insert(sealed.end(), tag.begin(), tag.end());
    const auto opened = aead_decrypt(key, nonce, associated, sealed);
    const bool ours = nonce.size() == aead_nonce_size;
    ASSERT_EQ(opened.has_value(), ours && text_at(test, "result") == "valid");
    if (!opened) return;
    EXPECT_EQ(opened->expose(), as_text(message));
    EXPECT_EQ(aead_encrypt(key, nonce, associated, message), sealed);
  });
  printf("aes_gcm: %d cases of 256-bit keys (%d of other key sizes left out; other nonce sizes are refused)\n", ran,
         cases - ran);
  EXPECT_EQ(cases, 316);
  EXPECT_GE(ran, 66);
}

TEST(Sealer, OpensWhatItSealed) {
  const Sealer sealer(master('m'));
  for (size_t size : {0u, 1u, 32u, 5000u}) {
    const std::string plain(size, 'p');
    const auto sealed = sealer.seal(as_bytes(plain), "signing-key:1");
    EXPECT_EQ(sealed.size(), 1 + 12 + size + 16);
    EXPECT_EQ(sealed[0], 1);
    const auto opened = sealer.open(sealed, "signing-key:1");
    ASSERT_TRUE(opened.has_value());
    EXPECT_EQ(opened->expose(), plain);
  }
}

TEST(Sealer, NeverSealsTwiceAlike) {
  const Sealer sealer(master('m'));
  EXPECT_NE(sealer.seal(as_bytes("same"), "c"), sealer.seal(as_bytes("same"), "c"));
}

TEST(Sealer, AnyFlippedBitIsOneCleanError) {
  const Sealer sealer(master('m'));
  const auto sealed = sealer.seal(as_bytes("a private key"), "c");
  for (size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    auto changed = sealed;
    changed[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    expect_refused(sealer.open(changed, "c"));
  }
}

TEST(Sealer, AnyOtherLengthIsTheSameError) {
  const Sealer sealer(master('m'));
  auto sealed = sealer.seal(as_bytes("a private key"), "c");
  for (size_t size = 0; size < sealed.size(); ++size) expect_refused(sealer.open(Bytes(sealed).first(size), "c"));
  sealed.push_back(0);
  expect_refused(sealer.open(sealed, "c"));
}

TEST(Sealer, AnotherContextOrMasterIsTheSameError) {
  const Sealer sealer(master('m')), other(master('n'));
  const auto sealed = sealer.seal(as_bytes("a private key"), "key:1");
  expect_refused(sealer.open(sealed, "key:2"));
  expect_refused(sealer.open(sealed, ""));
  expect_refused(other.open(sealed, "key:1"));
  EXPECT_TRUE(Sealer(master('m')).open(sealed, "key:1").has_value());
}

TEST(Sealer, ReadsWhatAnEarlierVersionWrote) {
  // Fixed: a change of label, layout or cipher must come with a new version byte.
  const auto sealed =
      hex_decode("01000102030405060708090a0b84f2ade60380b793a592f3c59a199a864fdb541cbf8eeed816597304286472ad655bb8f8");
  const auto opened = Sealer(master('m')).open(sealed.value(), "key:1");
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->expose(), "kept since version 1");
}

TEST(Sealer, RandomBytesNeverOpen) {
  const uint64_t seed = 99;
  printf("seed %llu\n", static_cast<unsigned long long>(seed));
  SeededRandom random(seed);
  const Sealer sealer(master('m'));
  for (int i = 0; i < 2000; ++i) {
    std::vector<uint8_t> noise(random.below(100));
    random.fill(noise);
    if (!noise.empty()) noise[0] = 1;
    expect_refused(sealer.open(noise, "c"));
  }
}

}  // namespace
}  // namespace crypto
