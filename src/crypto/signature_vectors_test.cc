// Public test vectors for signatures, keys and tokens: Wycheproof and the JOSE cookbook.
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <cstdio>

#include "crypto/jws.h"
#include "crypto/vectors_for_test.h"

namespace crypto {
namespace {

namespace json = boost::json;

std::string point_jwk(const json::value& group) {
  const auto point = hex_at(group.at("publicKey"), "uncompressed");
  return R"({"kty":"EC","crv":"P-256","x":")" + base64url_encode(Bytes(point).subspan(1, 32)) + R"(","y":")" +
         base64url_encode(Bytes(point).subspan(33)) + R"("})";
}

struct Tally {
  int cases = 0, valid = 0;
};

// `jwk_of` gives the public key of a group. "acceptable" may go either way, but the same way each time.
template <class JwkOf>
Tally judge_signatures(const json::value& file, JwkOf&& jwk_of) {
  Tally tally;
  tally.cases = each_case(file, [&](const auto& group, const auto& test) {
    const auto key = VerifyKey::from_jwk(jwk_of(group));
    ASSERT_TRUE(key.has_value()) << key.error().cause;
    const auto message = hex_at(test, "msg"), signature = hex_at(test, "sig");
    const bool verdict = key->verify(message, signature);
    const std::string result = text_at(test, "result");
    EXPECT_EQ(key->verify(message, signature), verdict);
    if (result != "acceptable") {
      EXPECT_EQ(verdict, result == "valid");
    }
    tally.valid += result == "valid";
  });
  return tally;
}

TEST(Wycheproof, Es256) {
  LOAD_VECTORS_OR_SKIP(file, "wycheproof/ecdsa_secp256r1_sha256_p1363_test.json");
  const Tally tally = judge_signatures(*file, point_jwk);
  printf("ecdsa_secp256r1_sha256_p1363: %d cases, %d valid\n", tally.cases, tally.valid);
  EXPECT_EQ(tally.cases, 262);
}

TEST(Wycheproof, Es256KeysAsJwk) {
  LOAD_VECTORS_OR_SKIP(file, "wycheproof/ecdsa_secp256r1_sha256_p1363_test.json");
  int keys = 0;
  for (const auto& group : file->at("testGroups").as_array()) {
    const auto* jwk = group.as_object().if_contains("publicKeyJwk");
    if (!jwk) continue;
    const auto ours = VerifyKey::from_jwk(point_jwk(group)), theirs = VerifyKey::from_jwk(json::serialize(*jwk));
    ASSERT_TRUE(ours.has_value() && theirs.has_value());
    EXPECT_EQ(text_at(*jwk, "x") + text_at(*jwk, "y"),
              text_at(json::parse(ours->public_jwk()), "x") + text_at(json::parse(ours->public_jwk()), "y"));
    ++keys;
  }
  printf("ecdsa keys as JWK: %d\n", keys);
  EXPECT_GE(keys, 100);
}

TEST(Wycheproof, Ed25519) {
  LOAD_VECTORS_OR_SKIP(file, "wycheproof/ed25519_test.json");
  const Tally tally =
      judge_signatures(*file, [](const json::value& group) { return json::serialize(group.at("publicKeyJwk")); });
  printf("ed25519: %d cases, %d valid\n", tally.cases, tally.valid);
  EXPECT_EQ(tally.cases, 151);
}

TEST(Wycheproof, Rs256) {
  LOAD_VECTORS_OR_SKIP(file, "wycheproof/rsa_signature_2048_sha256_test.json");
  const Tally tally =
      judge_signatures(*file, [](const json::value& group) { return json::serialize(group.at("keyJwk")); });
  printf("rsa_signature_2048_sha256: %d cases, %d valid\n", tally.cases, tally.valid);
  EXPECT_EQ(tally.cases, 259);
}

bool has_flag(const json::value& test, std::string_view flag) {
  for (const auto& value : test.at("flags").as_array()) {
    if (value.is_string() && std::string_view(value.get_string()) == flag) return true;
  }
  return false;
}

// The key of this set that the token names: of a public set, or a symmetric key taken out by its kid.
std::optional<VerifyKey> key_for(const CompactJws& token, const json::value& set) {
  if (auto keys = parse_key_set(json::serialize(set))) {
    for (const auto& key : *keys) {
      if (key.kid() == token.kid) return key;
    }
    return std::nullopt;
  }
  for (const auto& member : set.at("keys").as_array()) {
    if (token.kid != text_at(member, "kid")) continue;
    if (auto key = VerifyKey::from_symmetric_jwk(json::serialize(member))) return *key;
  }
  return std::nullopt;
}

TEST(Wycheproof, JsonWebSignatures) {
  LOAD_VECTORS_OR_SKIP(file, "wycheproof/json_web_key_test.json");
  int judged = 0, unsupported_valid = 0, refused_sets = 0;
  const int cases = each_case(*file, [&](const auto& group, const auto& test) {
    const auto* public_set = group.as_object().if_contains("public");
    const json::value& set = public_set ? *public_set : group.at("private");
    const bool valid = text_at(test, "result") == "valid";
    if (has_flag(test, "Ambiguous")) {
      // Sets of mixed or repeated keys: a set that holds a symmetric key is refused as a whole.
      EXPECT_FALSE(parse_key_set(json::serialize(set)));
      ++refused_sets;
      return;
    }
    const std::string jws = text_at(test, "jws");
    const auto token = parse_compact(jws);
    const std::string alg = text_at(json::parse(base64url_decode_text(jws.substr(0, jws.find('.'))).value()), "alg");
    if (!parse_algorithm(alg)) {
      EXPECT_FALSE(token.has_value());
      unsupported_valid += valid;
      return;
    }
    const auto key = token ? key_for(*token, set) : std::nullopt;
    EXPECT_EQ(key && verify(*token, *key).has_value(), valid);
    ++judged;
  });
  printf(
      "json_web_key: %d cases: %d judged, %d ambiguous key sets refused, %d of other algorithms refused (%d valid)\n",
      cases, judged, refused_sets, cases - judged - refused_sets, unsupported_valid);
  EXPECT_EQ(cases, 26);
  EXPECT_EQ(judged, 18);
  EXPECT_EQ(unsupported_valid, 2);
}

TEST(JoseCookbook, DetachedContentVerifiesOnceItIsPutBack) {
  LOAD_VECTORS_OR_SKIP(file, "jose-cookbook/jws/4_5.signature_with_detached_content.json");
  const auto key = VerifyKey::from_symmetric_jwk(json::serialize(file->at("input").at("key")));
  ASSERT_TRUE(key.has_value());
  const std::string compact = text_at(file->at("output"), "compact");
  const auto detached = parse_compact(compact);
  ASSERT_TRUE(detached.has_value());
  EXPECT_FALSE(verify(*detached, *key));
  const std::string whole = text_at(file->at("signing"), "sig-input") + "." + text_at(file->at("signing"), "sig");
  const auto token = parse_compact(whole);
  ASSERT_TRUE(token.has_value());
  EXPECT_TRUE(verify(*token, *key));
  EXPECT_EQ(token->payload, text_at(file->at("input"), "payload"));
}

std::string without_private_members(const json::value& jwk) {
  json::object out = jwk.as_object();
  for (auto member : {"d", "p", "q", "dp", "dq", "qi"}) out.erase(member);
  return json::serialize(out);
}

TEST(JoseCookbook, EachOfMultipleSignaturesVerifiesAlone) {
  LOAD_VECTORS_OR_SKIP(file, "jose-cookbook/jws/4_8.multiple_signatures.json");
  const auto& keys = file->at("input").at("key").as_array();
  int verified = 0, refused = 0;
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto& signing = file->at("signing").at(i);
    const std::string compact = text_at(signing, "sig-input") + "." + text_at(signing, "sig");
    const auto token = parse_compact(compact);
    if (!token) {
      ++refused;  // ES512 with an unprotected header alone
      continue;
    }
    EXPECT_FALSE(VerifyKey::from_jwk(json::serialize(keys[i]))) << "a private or symmetric key taken for a public one";
    const auto key = token->algorithm == Algorithm::HS256 ? VerifyKey::from_symmetric_jwk(json::serialize(keys[i]))
                                                          : VerifyKey::from_jwk(without_private_members(keys[i]));
    ASSERT_TRUE(key.has_value()) << key.error().cause;
    EXPECT_TRUE(verify(*token, *key));
    ++verified;
  }
  printf("multiple signatures: %d verified, %d of another algorithm refused\n", verified, refused);
  EXPECT_EQ(verified, 2);
  EXPECT_EQ(refused, 1);
}

TEST(JoseCookbook, UnencodedPayloadsAreRefused) {
  LOAD_VECTORS_OR_SKIP(file, "jose-cookbook/rfc7797/4.2.hmac-sha2_b64_false.json");
  const auto& signing = file->at("signing");
  EXPECT_FALSE(parse_compact(text_at(signing, "sig-input") + "." + text_at(signing, "sig")));
  EXPECT_FALSE(parse_compact(text_at(signing, "protected_b64u") + ".JC4wMg." + text_at(signing, "sig")));
  const std::string with_crit = base64url_encode(as_bytes(R"({"alg":"HS256","b64":false,"crit":["b64"]})"));
  EXPECT_FALSE(parse_compact(with_crit + ".JC4wMg." + text_at(signing, "sig")));
}

TEST(JoseCookbook, EncryptedTokensAreRefused) {
  int refused = 0;
  for (auto path :
       {"jwe/5_6.direct_encryption_using_aes-gcm.json", "jwe/5_8.key_wrap_using_aes-keywrap_with_aes-gcm.json",
        "jwe/5_11.protecting_specific_header_fields.json", "jwe/5_13.encrypting_to_multiple_recipients.json",
        "curve25519/ecdh-es.json", "6.nesting_signatures_and_encryption.json"}) {
    LOAD_VECTORS_OR_SKIP(file, "jose-cookbook/" + std::string(path));
    const auto* output = file->as_object().if_contains("output");
    const json::value& shown = output ? *output : *file;
    for (const auto& [member, value] : shown.as_object()) {
      const std::string text = value.is_string() ? text_at(shown, member) : json::serialize(value);
      EXPECT_FALSE(parse_compact(text)) << path << " " << std::string_view(member);
      ++refused;
    }
  }
  printf("encrypted forms refused: %d\n", refused);
  EXPECT_GT(refused, 5);
}

TEST(JoseCookbook, PublicKeyExampleIsRefusedForItsCurveAlone) {
  LOAD_VECTORS_OR_SKIP(file, "jose-cookbook/jwk/3_1.ec_public_key.json");
  const auto key = VerifyKey::from_jwk(json::serialize(*file));
  ASSERT_FALSE(key.has_value());
  EXPECT_EQ(key.error().cause, "key: unknown kty or crv");  // P-521
}

}  // namespace
}  // namespace crypto
