#include "mfa/totp.h"

#include <gtest/gtest.h>

#include "crypto/vectors_for_test.h"
#include "mfa/base32.h"

namespace mfa {
namespace {

using core::Seconds, crypto::Secret;

const Secret seed("12345678901234567890");  // of RFC 4226 appendix D

core::Time at(int64_t seconds) { return core::from_millis(seconds * 1000); }

TEST(Base32, MatchesRfc4648) {
  const std::pair<const char*, const char*> examples[] = {{"", ""},
                                                          {"f", "MY"},
                                                          {"fo", "MZXQ"},
                                                          {"foo", "MZXW6"},
                                                          {"foob", "MZXW6YQ"},
                                                          {"fooba", "MZXW6YTB"},
                                                          {"foobar", "MZXW6YTBOI"}};
  for (const auto& [plain, text] : examples) {
    EXPECT_EQ(base32_encode(crypto::as_bytes(plain)), text);
    EXPECT_EQ(base32_decode(text), plain);
  }
  EXPECT_EQ(base32_decode("mzxw 6ytb-oi======"), "foobar");
}

TEST(Base32, OneValueHasOneSpelling) {
  for (const char* text : {"M", "MZ1", "MZXW6YT", "MZ", "0", "MY=MY", "MÜ"}) EXPECT_FALSE(base32_decode(text)) << text;
}

TEST(Totp, MatchesRfc4226AppendixD) {
  const char* examples[] = {"755224", "287082", "359152", "969429", "338314",
                            "254676", "287922", "162583", "399871", "520489"};
  for (uint64_t counter = 0; counter < std::size(examples); ++counter)
    EXPECT_EQ(one_time_password(seed, counter), examples[counter]);
}

TEST(Totp, MatchesRfc6238AppendixB) {
  const auto vectors = crypto::load_vectors("otp-rfc/rfc6238-appendix-b.json");
  if (!vectors) GTEST_SKIP() << "skipped: no vectors";
  const std::map<std::string, OtpHash> hashes{
      {"SHA1", OtpHash::sha1}, {"SHA256", OtpHash::sha256}, {"SHA512", OtpHash::sha512}};
  for (const auto& vector : vectors->as_array()) {
    const OtpForm form{.digits = static_cast<int>(vector.at("digits").as_int64()),
                       .hash = hashes.at(crypto::text_at(vector, "algorithm"))};
    const Secret key(base32_decode(crypto::text_at(vector, "secret_base32")).value());
    const int64_t time = vector.at("unix_time").as_int64();
    const std::string code = crypto::text_at(vector, "totp");
    EXPECT_EQ(one_time_password(key, static_cast<uint64_t>(time / 30), form), code);
    EXPECT_EQ(accept(key, code, at(time), -1, form), time / 30);
  }
}

TEST(Totp, ACodeIsOfItsStepAndItsNeighbours) {
  const std::string now = one_time_password(seed, 100);
  EXPECT_EQ(accept(seed, now, at(3000), 0), 100);
  EXPECT_EQ(accept(seed, now, at(3029), 0), 100);
  EXPECT_EQ(accept(seed, now, at(3059), 0), 100) << "a step late";
  EXPECT_EQ(accept(seed, now, at(2970), 0), 100) << "a step early";
  EXPECT_EQ(accept(seed, now, at(3060), 0), std::nullopt);
  EXPECT_EQ(accept(seed, now, at(2969), 0), std::nullopt);
}

TEST(Totp, AStepOpensOnceAndNoneBeforeIt) {
  EXPECT_EQ(accept(seed, one_time_password(seed, 100), at(3000), 99), 100);
  EXPECT_EQ(accept(seed, one_time_password(seed, 100), at(3000), 100), std::nullopt);
  EXPECT_EQ(accept(seed, one_time_password(seed, 99), at(3000), 100), std::nullopt);
  EXPECT_EQ(accept(seed, one_time_password(seed, 101), at(3000), 100), 101);
}

TEST(Totp, OnlyTheWholeCodeCounts) {
  const std::string now = one_time_password(seed, 100);
  for (const std::string& text : {now.substr(1), now + "0", ' ' + now, std::string(), std::string("      ")})
    EXPECT_EQ(accept(seed, text, at(3000), 0), std::nullopt) << text;
}

TEST(Totp, TheFirstStepsOfAllTimeAreNoSpecialCase) {
  EXPECT_EQ(accept(seed, one_time_password(seed, 0), at(0), -1), 0);
  EXPECT_EQ(accept(seed, one_time_password(seed, 666'666'666), at(20'000'000'000), 0), 666'666'666);
}

TEST(Totp, TheUriNamesWhoAndWhere) {
  EXPECT_EQ(otpauth_uri("Usher & Co", "ada@example.org", seed).expose(),
            "otpauth://totp/Usher%20%26%20Co:ada%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
            "&issuer=Usher%20%26%20Co&algorithm=SHA1&digits=6&period=30");
}

}  // namespace
}  // namespace mfa
