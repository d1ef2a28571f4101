#include "crypto/jwk.h"

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include <thread>

#include "crypto/base64url.h"
#include "crypto/key_evp.h"

namespace crypto {
namespace {

constexpr Algorithm all_algorithms[] = {Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256, Algorithm::HS256};

// One key of each kind, made once: RSA keys take a while.
const SigningKey& key_of(Algorithm algorithm) {
  static SystemRandom random;
  static const SigningKey keys[] = {
      SigningKey::generate(Algorithm::ES256, random).value(), SigningKey::generate(Algorithm::EdDSA, random).value(),
      SigningKey::generate(Algorithm::RS256, random).value(), SigningKey::generate(Algorithm::HS256, random).value()};
  return keys[static_cast<size_t>(algorithm)];
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  return text.replace(text.find(from), from.size(), to);
}

bool is_refused(const std::string& jwk) {
  const auto key = VerifyKey::from_jwk(jwk);
  return !key && key.error().code == core::Code::internal && !key.error().cause.empty();
}

TEST(Algorithm, NamesAreExact) {
  for (Algorithm algorithm : all_algorithms) EXPECT_EQ(parse_algorithm(name(algorithm)), algorithm);
  for (auto bad : {"none", "None", "NONE", "nOnE", "", "es256", "HS384", "RS512", "PS256", "ES256 ", "Ed25519"}) {
    EXPECT_FALSE(parse_algorithm(bad)) << bad;
  }
}

TEST(SigningKey, SignsWhatItsVerifyKeyAccepts) {
  for (Algorithm algorithm : all_algorithms) {
    SCOPED_TRACE(name(algorithm));
    const SigningKey& key = key_of(algorithm);
    for (const std::string& message : {std::string(), std::string("m"), std::string(5000, 'm')}) {
      auto signature = key.sign(as_bytes(message)).value();
      EXPECT_TRUE(key.verify_key().verify(as_bytes(message), signature));
      EXPECT_FALSE(key.verify_key().verify(as_bytes(message + "x"), signature));
      signature[signature.size() / 2] ^= 1;
      EXPECT_FALSE(key.verify_key().verify(as_bytes(message), signature));
    }
  }
}

TEST(SigningKey, SignaturesHaveTheirJoseSize) {
  const std::pair<Algorithm, size_t> sizes[] = {
      {Algorithm::ES256, 64}, {Algorithm::EdDSA, 64}, {Algorithm::RS256, 384}, {Algorithm::HS256, 32}};
  for (auto [algorithm, size] : sizes) {
    // Numbers with leading zeros must keep their width: one r in 256 has some.
    const int rounds = algorithm == Algorithm::ES256 ? 2500 : 1;
    for (int i = 0; i < rounds; ++i) {
      const std::string message = std::to_string(i);
      const auto signature = key_of(algorithm).sign(as_bytes(message)).value();
      ASSERT_EQ(signature.size(), size);
      ASSERT_TRUE(key_of(algorithm).verify_key().verify(as_bytes(message), signature));
      ASSERT_FALSE(key_of(algorithm).verify_key().verify(as_bytes(message), Bytes(signature).first(size - 1)));
    }
  }
}

TEST(SigningKey, ComesBackFromItsPrivateBytes) {
  for (Algorithm algorithm : all_algorithms) {
    SCOPED_TRACE(name(algorithm));
    const SigningKey& key = key_of(algorithm);
    const auto again = SigningKey::from_private(algorithm, key.private_bytes());
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->kid(), key.kid());
    EXPECT_EQ(again->public_jwk(), key.public_jwk());
    EXPECT_TRUE(key.verify_key().verify(as_bytes("m"), again->sign(as_bytes("m")).value()));
  }
}

TEST(SigningKey, RefusesOtherPrivateBytes) {
  for (Algorithm algorithm : {Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256}) {
    SCOPED_TRACE(name(algorithm));
    const std::string good(key_of(algorithm).private_bytes().expose());
    EXPECT_FALSE(SigningKey::from_private(algorithm, Secret()));
    EXPECT_FALSE(SigningKey::from_private(algorithm, Secret(good + "x")));
    EXPECT_FALSE(SigningKey::from_private(algorithm, Secret(good.substr(1))));
    for (Algorithm other : {Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256}) {
      EXPECT_EQ(SigningKey::from_private(algorithm, key_of(other).private_bytes()).has_value(), other == algorithm);
    }
  }
}

Secret pkcs8_of(KeyPtr key) { return EvpKey::create(std::move(key), EvpKey::Use::verify).value()->pkcs8(); }

TEST(SigningKey, RefusesOtherCurvesAndShortRsaKeys) {
  EXPECT_TRUE(SigningKey::from_private(Algorithm::ES256, pkcs8_of(KeyPtr(EVP_EC_gen("P-256")))));
  EXPECT_FALSE(SigningKey::from_private(Algorithm::ES256, pkcs8_of(KeyPtr(EVP_EC_gen("P-384")))));
  EXPECT_FALSE(SigningKey::from_private(Algorithm::ES256, pkcs8_of(KeyPtr(EVP_EC_gen("secp256k1")))));
  EXPECT_TRUE(SigningKey::from_private(Algorithm::RS256, pkcs8_of(KeyPtr(EVP_RSA_gen(2048)))));
  EXPECT_FALSE(SigningKey::from_private(Algorithm::RS256, pkcs8_of(KeyPtr(EVP_RSA_gen(1024)))));
}

TEST(SigningKey, RefusesShortSecretsForHs256) {
  EXPECT_FALSE(SigningKey::from_private(Algorithm::HS256, Secret(std::string(31, 's'))));
  EXPECT_FALSE(SigningKey::from_private(Algorithm::HS256, Secret()));
  EXPECT_TRUE(SigningKey::from_private(Algorithm::HS256, Secret(std::string(32, 's'))));
}

TEST(SigningKey, SignsFromManyThreadsAtOnce) {
  for (Algorithm algorithm : all_algorithms) key_of(algorithm);
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 40; ++i) {
          const SigningKey& key = key_of(all_algorithms[(i + t) % 4]);
          const std::string message = std::to_string(t * 1000 + i);
          wrong += !key.verify_key().verify(as_bytes(message), key.sign(as_bytes(message)).value());
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

TEST(Kid, IsTheThumbprintOfRfc7638) {
  // The examples of RFC 7638 section 3.1 and RFC 8037 appendix A.3.
  const auto rsa = VerifyKey::from_jwk(
      R"({"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256"})");
  ASSERT_TRUE(rsa.has_value()) << rsa.error().cause;
  EXPECT_EQ(rsa->kid(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
  const auto ed =
      VerifyKey::from_jwk(R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})");
  ASSERT_TRUE(ed.has_value());
  EXPECT_EQ(ed->kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

TEST(Kid, OfASecretIsStableAndSaysNothingOfIt) {
  const Secret secret(std::string(32, 's'));
  const auto one = SigningKey::from_private(Algorithm::HS256, secret),
             two = SigningKey::from_private(Algorithm::HS256, secret);
  EXPECT_EQ(one->kid(), two->kid());
  EXPECT_EQ(one->kid().size(), 22u);
  EXPECT_NE(one->kid(), key_of(Algorithm::HS256).kid());
}

TEST(PublicJwk, IsReadBackAsTheSameKey) {
  for (Algorithm algorithm : {Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256}) {
    SCOPED_TRACE(name(algorithm));
    const SigningKey& key = key_of(algorithm);
    const auto read = VerifyKey::from_jwk(key.public_jwk());
    ASSERT_TRUE(read.has_value()) << read.error().cause;
    EXPECT_EQ(read->kid(), key.kid());
    EXPECT_EQ(read->algorithm(), algorithm);
    EXPECT_EQ(read->public_jwk(), key.public_jwk());
    EXPECT_TRUE(read->verify(as_bytes("m"), key.sign(as_bytes("m")).value()));
    EXPECT_NE(key.public_jwk().find(R"("alg":")" + std::string(name(algorithm)) + R"(","use":"sig"})"),
              std::string::npos);
    for (auto secret : {"\"d\"", "\"p\"", "\"q\"", "\"k\""})
      EXPECT_EQ(key.public_jwk().find(secret), std::string::npos);
  }
}

TEST(PublicJwk, IsEmptyForASecret) { EXPECT_EQ(key_of(Algorithm::HS256).public_jwk(), ""); }

TEST(FromJwk, RefusesPrivateAndSymmetricMembers) {
  for (auto member : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}) {
    for (Algorithm algorithm : {Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256}) {
      EXPECT_TRUE(
          is_refused(replaced(key_of(algorithm).public_jwk(), "{", "{\"" + std::string(member) + "\":\"AQ\",")));
    }
  }
  EXPECT_TRUE(is_refused(R"({"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"})"));
}

TEST(FromJwk, RefusesKeysForOtherUses) {
  const std::string good = key_of(Algorithm::ES256).public_jwk();
  EXPECT_TRUE(is_refused(replaced(good, R"("use":"sig")", R"("use":"enc")")));
  EXPECT_TRUE(is_refused(replaced(good, R"("use":"sig")", R"("use":["sig"])")));
  EXPECT_TRUE(is_refused(replaced(good, R"("use":"sig")", R"("key_ops":["encrypt"])")));
  EXPECT_TRUE(is_refused(replaced(good, R"("use":"sig")", R"("key_ops":"verify")")));
  EXPECT_TRUE(is_refused(replaced(good, "ES256", "HS256")));
  EXPECT_TRUE(is_refused(replaced(good, "ES256", "none")));
  EXPECT_TRUE(is_refused(replaced(good, R"("alg":"ES256")", R"("alg":null)")));
  EXPECT_TRUE(VerifyKey::from_jwk(replaced(good, R"("use":"sig")", R"("key_ops":["verify"],"x5t":"ignored")")));
}

TEST(FromJwk, RefusesConfusedTypes) {
  const std::string good = key_of(Algorithm::ES256).public_jwk();
  for (auto [from, to] : {std::pair{"\"EC\"", "\"RSA\""},
                          {"\"EC\"", "\"OKP\""},
                          {"\"EC\"", "\"oct\""},
                          {"\"EC\"", "\"ec\""},
                          {"P-256", "P-384"},
                          {"P-256", "secp256k1"},
                          {"P-256", "Ed25519"},
                          {"\"x\"", "\"z\""},
                          {"\"kty\":\"EC\",", ""},
                          {"\"crv\":\"P-256\",", ""},
                          {"\"crv\"", "\"kty\""},
                          {"\"kid\":\"", "\"kid\":7,\"no\":\""}}) {
    EXPECT_TRUE(is_refused(replaced(good, from, to))) << to;
  }
  for (auto text : {"", "[]", "null", "{}", "{", R"({"kty":"EC"})", R"({"kty":["EC"]})"})
    EXPECT_TRUE(is_refused(text)) << text;
}

TEST(FromJwk, RefusesPointsThatAreNotOnTheCurve) {
  const auto ec = [](std::string_view x, std::string_view y) {
    return R"({"kty":"EC","crv":"P-256","x":")" + std::string(x) + R"(","y":")" + std::string(y) + R"("})";
  };
  const std::string zero(43, 'A'), one = std::string(42, 'A') + "E";
  EXPECT_TRUE(is_refused(ec(zero, zero)));
  EXPECT_TRUE(is_refused(ec(one, one)));
  EXPECT_TRUE(is_refused(ec("", "")));
  // The generator of P-256, then itself beyond the prime, cut, and with a zero in front.
  const std::string x = "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",
                    y = "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU";
  EXPECT_FALSE(is_refused(ec(x, y)));
  EXPECT_TRUE(is_refused(ec(y, x)));
  EXPECT_TRUE(is_refused(ec(std::string(43, '_').replace(42, 1, "8"), y)));
  EXPECT_TRUE(is_refused(ec(x.substr(0, 42), y)));
  auto longer = base64url_decode(x).value();
  auto shorter = longer, shifted = base64url_decode(y).value();
  shorter.pop_back();
  shifted.insert(shifted.begin(), longer.back());
  EXPECT_TRUE(is_refused(ec(base64url_encode(shorter), base64url_encode(shifted)))) << "31 and 33 bytes";
  longer.insert(longer.begin(), 0);
  EXPECT_TRUE(is_refused(ec(base64url_encode(longer), y)));

  const auto ed = [](std::string_view hex) {
    return R"({"kty":"OKP","crv":"Ed25519","x":")" + base64url_encode(hex_decode(hex).value()) + R"("})";
  };
  EXPECT_FALSE(is_refused(ed("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")));
  EXPECT_TRUE(is_refused(ed("0000000000000000000000000000000000000000000000000000000000000000"))) << "order 4";
  EXPECT_TRUE(is_refused(ed("0100000000000000000000000000000000000000000000000000000000000000"))) << "neutral";
  EXPECT_TRUE(is_refused(ed("0200000000000000000000000000000000000000000000000000000000000000"))) << "not a point";
  EXPECT_TRUE(is_refused(ed("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f70751")));
}

TEST(FromJwk, RefusesWeakRsaNumbers) {
  const auto rsa = [](const std::vector<uint8_t>& n, std::string_view e) {
    return R"({"kty":"RSA","n":")" + base64url_encode(n) + R"(","e":")" + std::string(e) + R"("})";
  };
  const auto modulus = [](size_t bytes, uint8_t last = 0xF1) {
    std::vector<uint8_t> n(bytes, 0xC5);
    n.back() = last;
    return n;
  };
  EXPECT_FALSE(is_refused(rsa(modulus(256), "AQAB")));
  EXPECT_FALSE(is_refused(rsa(modulus(512), "AQAB")));
  EXPECT_TRUE(is_refused(rsa(modulus(255), "AQAB"))) << "2040 bits";
  EXPECT_TRUE(is_refused(rsa(modulus(513), "AQAB"))) << "over 4096 bits";
  EXPECT_TRUE(is_refused(rsa(modulus(256, 0xF0), "AQAB"))) << "even";
  for (auto e : {"", "AA", "AQ", "Ag", "AQAC", "AAEAAQ", "AQAAAAE"}) EXPECT_TRUE(is_refused(rsa(modulus(256), e))) << e;
  auto padded = modulus(256);
  padded.insert(padded.begin(), 0);
  EXPECT_TRUE(is_refused(rsa(padded, "AQAB"))) << "a zero in front";
}

TEST(KeySet, KeepsWhatItCanVerifyWithAndLeavesOutTheRest) {
  const std::string es = key_of(Algorithm::ES256).public_jwk(), ed = key_of(Algorithm::EdDSA).public_jwk();
  const std::string others =
      R"({"kty":"EC","crv":"P-521","x":"AA","y":"AA"},{"kty":"XX"},{"kty":"RSA","n":"AQ","e":"AQAB"},)" +
      replaced(key_of(Algorithm::RS256).public_jwk(), "RS256", "RSA-OAEP");
  const auto keys = parse_key_set(R"({"keys":[)" + es + "," + others + "," + ed + "]}");
  ASSERT_TRUE(keys.has_value()) << keys.error().cause;
  ASSERT_EQ(keys->size(), 2u);
  EXPECT_EQ(keys->at(0).kid(), key_of(Algorithm::ES256).kid());
  EXPECT_EQ(keys->at(1).kid(), key_of(Algorithm::EdDSA).kid());
}

TEST(KeySet, RefusesSecretsAndRepeatedKids) {
  const std::string es = key_of(Algorithm::ES256).public_jwk();
  const std::string secret = R"({"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"})";
  EXPECT_FALSE(parse_key_set(R"({"keys":[)" + es + "," + es + "]}"));
  EXPECT_FALSE(parse_key_set(R"({"keys":[)" + es + "," + secret + "]}"));
  EXPECT_FALSE(parse_key_set(R"({"keys":[)" + replaced(es, "{", R"({"d":"AQ",)") + "]}"));
  for (auto text : {"", "{}", "[]", R"({"keys":{}})", R"({"keys":[1]})"}) EXPECT_FALSE(parse_key_set(text)) << text;
  EXPECT_TRUE(parse_key_set(R"({"keys":[]})"));
}

TEST(SymmetricJwk, IsOnlyForHs256) {
  const std::string good =
      R"({"kty":"oct","kid":"k1","alg":"HS256","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"})";
  const auto key = VerifyKey::from_symmetric_jwk(good);
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(key->kid(), "k1");
  EXPECT_EQ(key->algorithm(), Algorithm::HS256);
  EXPECT_EQ(key->public_jwk(), "");
  EXPECT_FALSE(VerifyKey::from_symmetric_jwk(replaced(good, "HS256", "A256GCM")));
  EXPECT_FALSE(VerifyKey::from_symmetric_jwk(replaced(good, "8\"}", "\"}")));
  EXPECT_FALSE(VerifyKey::from_symmetric_jwk(key_of(Algorithm::ES256).public_jwk()));
}

}  // namespace
}  // namespace crypto
