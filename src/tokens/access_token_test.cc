#include "tokens/access_token.h"

#include <gtest/gtest.h>

#include "crypto/base64url.h"
#include "crypto/digest.h"

namespace tokens {
namespace {

using core::Code, core::Seconds;
using crypto::Algorithm;
const core::Time now = core::from_millis(1'800'000'000'000);

struct AccessTokenTest : testing::Test {
  crypto::SeededRandom random{3};
  Config config;
  KeySet keys;
  AccessClaims claims{.user = random.uuid7(now),
                      .session = random.uuid7(now),
                      .id = random.uuid7(now),
                      .issued_at = now,
                      .expires_at = now + Seconds(600),
                      .authenticated_at = now - Seconds(60),
                      .amr = {"pwd", "otp", "mfa"},
                      .aal = 2};
  const std::string user = claims.user.str(), session = claims.session.str();

  AccessTokenTest() { add_key(Algorithm::ES256); }
  void add_key(Algorithm algorithm, core::Time active_at = now, core::Time until = core::Time::max()) {
    auto key = crypto::SigningKey::generate(algorithm, random).value();
    keys.access.push_back({std::make_shared<crypto::SigningKey>(std::move(key)), active_at, until});
  }
  std::string issue() { return std::string(issue_access_token(keys, config, claims).value().expose()); }
  const crypto::SigningKey& key() const { return *keys.access[0].key; }
  std::string header(const std::string& typ = "\"at+jwt\"") const {
    return "{\"alg\":\"ES256\",\"kid\":\"" + key().kid() + "\",\"typ\":" + typ + "}";
  }
  // Signed by our key, with other claims than ours.
  std::string sign(const std::string& payload) { return sign(header(), payload); }
  std::string sign(const std::string& head, const std::string& payload) {
    return crypto::sign_compact(key(), head, payload).value();
  }
  // Our claims, one of them replaced; an empty value leaves it out.
  std::string with(const std::string& name, const std::string& value) {
    std::vector<std::pair<std::string, std::string>> all{
        {"iss", "\"usher\""},        {"sub", '"' + user + '"'}, {"aud", "\"usher\""},
        {"iat", "1800000000"},       {"exp", "1800000600"},     {"jti", '"' + claims.id.str() + '"'},
        {"sid", '"' + session + '"'}};
    bool known = false;
    std::string out;
    for (auto& [claim, text] : all) {
      if (claim == name) text = value, known = true;
      if (!text.empty()) out += (out.empty() ? "{" : ",") + ('"' + claim) + "\":" + text;
    }
    if (!known) out += ",\"" + name + "\":" + value;
    return sign(out + '}');
  }
  // "accepted" or the error's code.
  std::string verdict(std::string_view token, core::Time at = now) {
    const auto read = verify_access_token(token, keys, config, at);
    if (!read) return std::string(core::row(read.error().code).name);
    return read->user == claims.user && read->session == claims.session ? "accepted" : "another's";
  }
};

TEST_F(AccessTokenTest, SaysWhatItWasIssuedFor) {
  for (const auto algorithm : {Algorithm::ES256, Algorithm::EdDSA, Algorithm::HS256}) {
    keys.access.clear();
    add_key(algorithm);
    const auto read = verify_access_token(issue(), keys, config, now);
    ASSERT_TRUE(read) << read.error().cause;
    EXPECT_EQ(read->user, claims.user);
    EXPECT_EQ(read->session, claims.session);
    EXPECT_EQ(read->id, claims.id);
    EXPECT_EQ(read->issued_at, claims.issued_at);
    EXPECT_EQ(read->expires_at, claims.expires_at);
    EXPECT_EQ(read->authenticated_at, claims.authenticated_at);
  }
}

TEST_F(AccessTokenTest, HoldsTheseMembersAndNoOthers) {
  const auto jws = crypto::parse_compact(issue()).value();
  EXPECT_EQ(jws.payload, "{\"iss\":\"usher\",\"sub\":\"" + user +
                             "\",\"aud\":\"usher\",\"iat\":1800000000,\"exp\":1800000600,\"auth_time\":1799999940,"
                             "\"aal\":2,\"amr\":[\"pwd\",\"otp\",\"mfa\"],\"jti\":\"" +
                             claims.id.str() + "\",\"sid\":\"" + session + "\"}");
  EXPECT_EQ(jws.typ, "at+jwt");
  EXPECT_EQ(jws.kid, key().kid());
}

TEST_F(AccessTokenTest, ExpiresToTheSecond) {
  const std::string token = issue();
  EXPECT_EQ(verdict(token, now + core::Millis(599'999)), "accepted");
  EXPECT_EQ(verdict(token, now + Seconds(600)), "token_expired");
}

TEST_F(AccessTokenTest, OurOwnFormIsAccepted) { EXPECT_EQ(verdict(with("iss", "\"usher\"")), "accepted"); }

TEST_F(AccessTokenTest, EveryOtherFormOfAClaimIsRefusedThoughItIsSigned) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> forms = {
      {"exp",
       {"", "\"1800000600\"", "1800000600.5", "1.8e9", "1.8000006e9", "-1", "-1800000600", "99999999999999",
        "9223372036854775807", "9223372036854775808", "18446744073709551615", "1e400", "null", "true", "[1800000600]",
        "{}"}},
      {"iat", {"", "\"1800000000\"", "1800000000.0", "-5", "9223372036854775808", "null"}},
      {"aud", {"", "\"other\"", "\"Usher\"", "\"usher \"", "[\"usher\"]", "[\"usher\",\"other\"]", "[]", "null", "7"}},
      {"iss", {"", "\"other\"", "\"usher/\"", "\"USHER\"", "null", "[\"usher\"]"}},
      {"sub",
       {"", "\"\"", "\"admin\"", "7", "null", "\"00000000-0000-0000-0000-00000000000\"", "\"{" + user + "}\"",
        "\"" + user + " \"", "[\"" + user + "\"]"}},
      {"sid", {"", "\"\"", "\"x\"", "null", "\"" + session + "\\u0000\""}},
      {"jti", {"", "\"\"", "5", "null"}},
      {"auth_time", {"\"1\"", "1.5", "-1", "null", "18446744073709551615"}},
      {"nbf", {"\"1\"", "1800000001", "1.5", "-1", "null", "18446744073709551615"}},
  };
  int tried = 0;
  for (const auto& [claim, values] : forms)
    for (const auto& value : values) {
      EXPECT_EQ(verdict(with(claim, value)), "token_invalid") << claim << " = " << value;
      ++tried;
    }
  EXPECT_GT(tried, 50);
}

// Those of servers that did not say it are good, but never tell of a recent proof.
TEST_F(AccessTokenTest, WithoutAuthTimeItWasLongAgo) {
  const auto read = verify_access_token(with("jti", '"' + claims.id.str() + '"'), keys, config, now);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->authenticated_at, core::Time{});
}

TEST_F(AccessTokenTest, NotBeforeCountsWhereThereIsOne) {
  EXPECT_EQ(verdict(with("nbf", "1800000000")), "accepted");
  EXPECT_EQ(verdict(with("nbf", "1800000001"), now + Seconds(1)), "accepted");
}

TEST_F(AccessTokenTest, APayloadThatIsNoObjectOrNamesAClaimTwiceIsRefused) {
  for (const char* payload : {"", "[]", "null", "7", "\"text\"", "{", "{}", "{}{}", "\xff"})
    EXPECT_NE(verdict(sign(payload)), "accepted") << payload;
  std::string twice = crypto::parse_compact(issue()).value().payload;
  twice.back() = ',';
  EXPECT_NE(verdict(sign(twice + "\"exp\":1900000000}")), "accepted");
}

TEST_F(AccessTokenTest, AnotherTypeOfTokenIsRefused) {
  const std::string payload = crypto::parse_compact(issue()).value().payload;
  for (const char* typ : {"\"JWT\"", "\"jwt\"", "\"AT+JWT\"", "\"at+jwt \"", "\"application/at+jwt\"", "\"\"", "null",
                          "7", "[\"at+jwt\"]"})
    EXPECT_EQ(verdict(sign(header(typ), payload)), "token_invalid") << typ;
  EXPECT_EQ(verdict(sign("{\"alg\":\"ES256\",\"kid\":\"" + key().kid() + "\"}", payload)), "token_invalid");
}

TEST_F(AccessTokenTest, TheKeyIsNamedByKidAloneAndMustBeOurs) {
  const std::string payload = crypto::parse_compact(issue()).value().payload;
  const auto head = [&](const std::string& rest) { return "{\"alg\":\"ES256\",\"typ\":\"at+jwt\"" + rest + "}"; };
  const std::string kid = ",\"kid\":\"" + key().kid() + "\"";
  EXPECT_EQ(verdict(sign(head(""), payload)), "token_invalid");
  for (const std::string& other : std::vector<std::string>{"\"\"", "null", "7", "\"../../dev/null\"", "\"' OR 1=1 --\"",
                                                           "\"" + key().kid() + " \""})
    EXPECT_EQ(verdict(sign(head(",\"kid\":" + other), payload)), "token_invalid") << other;
  for (const std::string& trick :
       std::vector<std::string>{",\"jku\":\"https://evil.example/keys\"", ",\"x5u\":\"https://evil.example\"",
                                ",\"crit\":[\"exp\"]", ",\"zip\":\"DEF\"", ",\"b64\":false"})
    EXPECT_EQ(verdict(sign(head(kid + trick), payload)), "token_invalid") << trick;
  EXPECT_EQ(verdict(sign(head(kid + ",\"jwk\":" + key().public_jwk()), payload)), "token_invalid");
  EXPECT_EQ(verdict(sign(head(kid + ",\"x-other\":1"), payload)), "accepted");
}

TEST_F(AccessTokenTest, AnUnknownKeyIsToldApart) {
  const std::string token = issue();
  KeySet others;
  const auto unknown = verify_access_token(token, others, config, now);
  ASSERT_FALSE(unknown);
  EXPECT_TRUE(names_unknown_key(unknown.error()));
  const auto wrong = verify_access_token(with("aud", "\"x\""), keys, config, now);
  EXPECT_FALSE(names_unknown_key(wrong.error()));
}

TEST_F(AccessTokenTest, TheAlgorithmIsTheKeysAndNoOther) {
  // The public key as an HMAC secret, "none", and another algorithm under the same kid.
  const std::string payload = crypto::parse_compact(issue()).value().payload;
  for (const char* alg : {"none", "None", "HS256", "ES384", "EdDSA", "RS256", "es256", ""}) {
    const std::string head =
        std::string("{\"alg\":\"") + alg + "\",\"kid\":\"" + key().kid() + "\",\"typ\":\"at+jwt\"}";
    const std::string input =
        crypto::base64url_encode(crypto::as_bytes(head)) + '.' + crypto::base64url_encode(crypto::as_bytes(payload));
    const auto mac = crypto::hmac_sha256(crypto::as_bytes(key().public_jwk()), crypto::as_bytes(input));
    EXPECT_NE(verdict(input + '.'), "accepted") << alg;
    EXPECT_NE(verdict(input + '.' + crypto::base64url_encode(mac)), "accepted") << alg;
    EXPECT_NE(verdict(sign(head, payload)), "accepted") << alg;
  }
}

TEST_F(AccessTokenTest, ARetiredKeyVerifiesUntilItsLastTokenIsGone) {
  keys.access[0].until = now + Seconds(100);
  add_key(Algorithm::ES256, now + Seconds(30));
  const std::string old = issue();
  EXPECT_EQ(crypto::parse_compact(old)->kid, keys.access[0].key->kid()) << "the new one is not active yet";
  claims.issued_at = now + Seconds(30);
  const std::string newer = issue();
  EXPECT_EQ(crypto::parse_compact(newer)->kid, keys.access[1].key->kid());
  EXPECT_EQ(verdict(old, now + Seconds(99)), "accepted");
  EXPECT_EQ(verdict(old, now + Seconds(100)), "token_invalid");
  EXPECT_EQ(verdict(newer, now + Seconds(100)), "accepted");
}

// Any one character replaced, removed, doubled or swapped with its neighbour; and random pieces of other tokens.
TEST_F(AccessTokenTest, NoEditOfATokenIsAccepted) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 engine(seed);
  keys.access.clear();
  add_key(Algorithm::EdDSA);
  const std::string good = issue();
  claims.session = random.uuid7(now);
  const std::string other = issue();
  claims.session = *core::Uuid::parse(session);
  ASSERT_EQ(verdict(good), "accepted");
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.= ";
  const auto any = [&](size_t bound) { return static_cast<size_t>(engine() % bound); };
  int edits = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string edited = good;
    const size_t at = any(good.size());
    switch (any(5)) {
      case 0:
        edited[at] = alphabet[any(alphabet.size())];
        break;
      case 1:
        edited.erase(at, 1 + any(4));
        break;
      case 2:
        edited.insert(at, 1, alphabet[any(alphabet.size())]);
        break;
      case 3:
        std::swap(edited[at], edited[any(good.size())]);
        break;
      case 4:
        edited = good.substr(0, at) + other.substr(std::min(at, other.size()));
        break;
    }
    if (edited == good || edited == other) continue;
    ++edits;
    ASSERT_NE(verdict(edited), "accepted") << edited;
  }
  EXPECT_GT(edits, 2000);
}

}  // namespace
}  // namespace tokens
