// Each step of sections 7.1 and 7.2 that a pure function can check, and what breaks it. Steps about challenges, users
// and stored credentials are tested where those are.
#include "webauthn/ceremony.h"

#include <gtest/gtest.h>

#include "webauthn/software_authenticator_for_test.h"

namespace webauthn {
namespace {

using test::SoftwareAuthenticator, test::Blob;

Expected expected() {
  return {.rp_id = "example.org",
          .origins = {"https://example.org", "https://www.example.org"},
          .top_origins = {},
          .challenge = "AAECAwQFBgcICQoLDA0ODw",
          .algorithms = {es256, eddsa, rs256}};
}

// What did not hold; empty when all did.
std::string why(const auto& result) { return result ? "" : result.error().cause.substr(sizeof "webauthn: " - 1); }

std::string registered(const SoftwareAuthenticator& made, const Expected& asked = expected()) {
  return why(verify_registration(asked, made.client_data(), made.attestation()));
}

std::string registered(const SoftwareAuthenticator& made, const Blob& attestation) {
  return why(verify_registration(expected(), made.client_data(), attestation));
}

struct Registration : testing::Test {
  SoftwareAuthenticator one;
};

TEST(Registrations, OfEachAlgorithm) {
  for (const auto algorithm : {crypto::Algorithm::ES256, crypto::Algorithm::EdDSA, crypto::Algorithm::RS256}) {
    const SoftwareAuthenticator one(algorithm);
    const auto made = verify_registration(expected(), one.client_data(), one.attestation());
    ASSERT_TRUE(made) << made.error().cause;
    EXPECT_EQ(made->id, one.id);
    EXPECT_EQ(made->public_key, one.cose());
    EXPECT_EQ(made->algorithm, one.algorithm);
    EXPECT_TRUE(made->user_verified && made->backup_eligible && made->backed_up);
  }
}

TEST_F(Registration, Step05ClientDataIsUtf8) {
  Blob client = one.client_data();
  EXPECT_EQ(why(verify_registration(expected(), test::joined({Blob{0xEF, 0xBB, 0xBF}, client}), one.attestation())),
            "");
  client.insert(client.end() - 1, {'"', 0xFF});
  EXPECT_EQ(why(verify_registration(expected(), client, one.attestation())), "client data");
}

TEST_F(Registration, Step06ClientDataIsOneJsonObject) {
  for (const std::string_view bad : {"", "null", "[]", "{", "{} {}", R"({"type":"webauthn.create","type":"x"})"})
    EXPECT_EQ(why(verify_registration(expected(), crypto::as_bytes(bad), one.attestation())), "client data") << bad;
  EXPECT_EQ(why(verify_registration(expected(), crypto::as_bytes(std::string(60000, '[')), one.attestation())),
            "client data");
  one.more = R"(,"extraData":"unknown members are let through")";
  EXPECT_EQ(registered(one), "");
}

TEST_F(Registration, Step07Type) {
  for (const char* bad : {"webauthn.get", "WebAuthn.Create", "webauthn.create ", ""}) {
    one.type = bad;
    EXPECT_EQ(registered(one), "type") << bad;
  }
}

TEST_F(Registration, Step08Challenge) {
  for (const char* bad : {"", "AAECAwQFBgcICQoLDA0ODg", "AAECAwQFBgcICQoLDA0ODw==", "aaecawqfbgcicqolda0odw"}) {
    one.challenge = bad;
    EXPECT_EQ(registered(one), "challenge") << bad;
  }
  Expected nothing = expected();
  nothing.challenge = one.challenge = "";
  EXPECT_EQ(registered(one, nothing), "challenge");
}

TEST_F(Registration, Step09Origin) {
  for (const char* bad :
       {"", "http://example.org", "https://example.org:8443", "https://example.org/", "https://evil@example.org",
        "https://EXAMPLE.org", "https://example.org.evil.test", "https://sub.example.org", "null"}) {
    one.origin = bad;
    EXPECT_EQ(registered(one), "origin") << bad;
  }
  one.origin = "https://www.example.org";
  EXPECT_EQ(registered(one), "");
}

std::string framed(const SoftwareAuthenticator& one, std::string_view members, const Expected& asked) {
  std::string json(crypto::as_text(one.client_data()));
  const std::string plain = R"(,"crossOrigin":false)";
  json.replace(json.find(plain), plain.size(), members);
  return why(verify_registration(asked, crypto::as_bytes(json), one.attestation()));
}

TEST_F(Registration, Step10CrossOrigin) {
  EXPECT_EQ(framed(one, "", expected()), "");
  EXPECT_EQ(framed(one, R"(,"crossOrigin":true)", expected()), "crossOrigin");
  EXPECT_EQ(framed(one, R"(,"crossOrigin":"false")", expected()), "crossOrigin is no boolean");
  Expected frames = expected();
  frames.top_origins = {"https://shop.test"};
  EXPECT_EQ(framed(one, R"(,"crossOrigin":true)", frames), "");
}

TEST_F(Registration, Step11TopOrigin) {
  Expected frames = expected();
  frames.top_origins = {"https://shop.test"};
  EXPECT_EQ(framed(one, R"(,"crossOrigin":true,"topOrigin":"https://shop.test")", frames), "");
  EXPECT_EQ(framed(one, R"(,"crossOrigin":true,"topOrigin":"https://evil.test")", frames), "topOrigin");
  EXPECT_EQ(framed(one, R"(,"crossOrigin":false,"topOrigin":"https://shop.test")", frames), "topOrigin");
  EXPECT_EQ(framed(one, R"(,"crossOrigin":false,"topOrigin":"https://shop.test")", expected()), "topOrigin");
}

TEST_F(Registration, Step13AttestationObject) {
  const Blob good = one.attestation(), data = one.authenticator_data();
  using test::bytes, test::map, test::text;
  EXPECT_EQ(registered(one, Blob{}), "attestation object");
  EXPECT_EQ(registered(one, test::joined({good, Blob{0}})), "attestation object");
  EXPECT_EQ(registered(one, Blob(good.begin(), good.end() - 1)), "attestation object");
  EXPECT_EQ(registered(one, map({{text("fmt"), text("none")}, {text("authData"), bytes(data)}})), "attestation object");
  EXPECT_EQ(registered(one, map({{text("fmt"), text("none")}, {text("attStmt"), map({})}})), "attestation object");
  EXPECT_EQ(registered(one, map({{text("attStmt"), map({})}, {text("authData"), bytes(data)}})), "attestation object");
}

TEST_F(Registration, Step13AuthenticatorData) {
  one.tail = {0};
  EXPECT_EQ(registered(one), "attestation object");
  one.tail = {};
  const Blob data = one.authenticator_data();
  for (size_t size = 0; size < data.size(); ++size) {
    const Blob cut(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(registered(one, SoftwareAuthenticator::attestation(cut, "none", test::map({}))), "attestation object");
  }
  one.flags = 0x1D;  // no credential in it
  EXPECT_EQ(registered(one), "attestation object");
}

TEST_F(Registration, Step14RpIdHash) {
  one.rp_id = "example.com";
  EXPECT_EQ(registered(one), "rpIdHash");
}

TEST_F(Registration, Step15UserPresence) {
  one.flags &= static_cast<uint8_t>(~1);
  EXPECT_EQ(registered(one), "user presence");
  Expected conditional = expected();
  conditional.conditional = true;
  EXPECT_EQ(registered(one, conditional), "");
}

TEST_F(Registration, Step16UserVerification) {
  one.flags &= static_cast<uint8_t>(~4);
  EXPECT_EQ(registered(one), "user verification");
  Expected preferred = expected();
  preferred.user_verification = false;
  EXPECT_EQ(registered(one, preferred), "");
}

TEST_F(Registration, Step17BackedUpButNotEligible) {
  one.flags &= static_cast<uint8_t>(~8);
  EXPECT_EQ(registered(one), "backed up, but not eligible");
}

TEST_F(Registration, Step20AlgorithmWasOffered) {
  Expected others = expected();
  others.algorithms = {eddsa, rs256};
  EXPECT_EQ(registered(one, others), "algorithm");
}

TEST_F(Registration, Step20KeyIsSound) {
  const auto entries = one.cose_entries();
  const auto with = [&](size_t at, const Blob& value) {
    auto bent = entries;
    bent[at].second = value;
    return registered(
        one, SoftwareAuthenticator::attestation(one.authenticator_data(test::map(bent)), "none", test::map({})));
  };
  const Blob zeros = test::bytes(Blob(32, 1));
  EXPECT_EQ(with(0, test::number(1)), "public key") << "kty OKP";
  EXPECT_EQ(with(1, test::number(-8)), "public key") << "alg EdDSA";
  EXPECT_EQ(with(1, test::number(-37)), "public key") << "alg PS256";
  EXPECT_EQ(with(2, test::number(2)), "public key") << "P-384";
  EXPECT_EQ(with(3, zeros), "public key") << "not on the curve";
  EXPECT_EQ(with(4, test::bytes(Blob(31, 1))), "public key") << "short";
  EXPECT_EQ(with(4, Blob{0xF5}), "public key") << "compressed";
  auto more = entries;
  more.emplace_back(test::number(2), test::bytes(Blob{1}));
  EXPECT_EQ(registered(one, SoftwareAuthenticator::attestation(one.authenticator_data(test::map(more)), "none",
                                                               test::map({}))),
            "public key")
      << "kid";
}

TEST(Registrations, Step20RsaKeysAreLarge) {
  const SoftwareAuthenticator one(crypto::Algorithm::RS256);
  auto small = one.cose_entries();
  small[2].second = test::bytes(Blob(128, 0xC1));
  EXPECT_EQ(registered(one, SoftwareAuthenticator::attestation(one.authenticator_data(test::map(small)), "none",
                                                               test::map({}))),
            "public key");
}

TEST_F(Registration, Step19ExtensionsAreToleratedAndSound) {
  one.flags |= 0x80;
  EXPECT_EQ(registered(one), "attestation object");
  one.tail = test::map({{test::text("credProtect"), test::number(2)}});
  EXPECT_EQ(registered(one), "");
  one.tail = test::array({});
  EXPECT_EQ(registered(one), "attestation object");
}

TEST_F(Registration, Step24LengthOfTheId) {
  one.id = Blob(1023, 9);
  EXPECT_EQ(registered(one), "");
  one.id = Blob(1024, 9);
  EXPECT_EQ(registered(one), "length of the credential id");
  one.id = {};
  EXPECT_EQ(registered(one), "length of the credential id");
}

struct Assertion : testing::Test {
  SoftwareAuthenticator one;
  Stored stored{.public_key = one.cose(), .sign_count = 0, .backup_eligible = true};

  Assertion() {
    one.type = "webauthn.get";
    one.flags = 0x1D;
  }
  core::Result<Asserted> assert_with(const Blob& signature, const Expected& asked = expected()) {
    return verify_assertion(asked, stored, one.client_data(), one.authenticator_data(), signature);
  }
  std::string asserted(const Expected& asked = expected()) {
    return why(assert_with(one.sign(one.authenticator_data(), one.client_data()), asked));
  }
};

TEST(Assertions, OfEachAlgorithm) {
  for (const auto algorithm : {crypto::Algorithm::ES256, crypto::Algorithm::EdDSA, crypto::Algorithm::RS256}) {
    SoftwareAuthenticator one(algorithm);
    one.type = "webauthn.get";
    one.flags = 0x0D;
    const Stored stored{.public_key = one.cose(), .sign_count = 0, .backup_eligible = true};
    const Blob data = one.authenticator_data(), client = one.client_data();
    const auto made = verify_assertion(expected(), stored, client, data, one.sign(data, client));
    ASSERT_TRUE(made) << made.error().cause;
    EXPECT_TRUE(made->user_verified && !made->backed_up && !made->maybe_cloned);
    Blob bent = one.sign(data, client);
    bent.back() ^= 1;
    EXPECT_EQ(why(verify_assertion(expected(), stored, client, data, bent)), "signature");
  }
}

TEST_F(Assertion, Steps08To15ClientData) {
  EXPECT_EQ(asserted(), "");
  one.more = R"(,"crossOrigin":false)";
  EXPECT_EQ(asserted(), "client data") << "twice";
  one.more = R"(,"topOrigin":"https://example.com")";
  EXPECT_EQ(asserted(), "topOrigin");
  one.more = "";
  one.type = "webauthn.create";
  EXPECT_EQ(asserted(), "type");
  one.type = "webauthn.get";
  one.origin = "https://example.org:444";
  EXPECT_EQ(asserted(), "origin");
  one.origin = "https://example.org";
  one.challenge = "another";
  EXPECT_EQ(asserted(), "challenge");
}

TEST_F(Assertion, Step16RpIdHash) {
  one.rp_id = "example.com";
  EXPECT_EQ(asserted(), "rpIdHash");
}

TEST_F(Assertion, Step17UserPresence) {
  one.flags &= static_cast<uint8_t>(~1);
  EXPECT_EQ(asserted(), "user presence");
}

TEST_F(Assertion, Step18UserVerification) {
  one.flags &= static_cast<uint8_t>(~4);
  EXPECT_EQ(asserted(), "user verification");
  Expected preferred = expected();
  preferred.user_verification = false;
  const auto made = assert_with(one.sign(one.authenticator_data(), one.client_data()), preferred);
  ASSERT_TRUE(made);
  EXPECT_FALSE(made->user_verified);
}

TEST_F(Assertion, Steps19And20BackupFlags) {
  one.flags = 0x15;  // BS, not BE
  EXPECT_EQ(asserted(), "backed up, but not eligible");
  one.flags = 0x05;
  EXPECT_EQ(asserted(), "backup eligibility changed");
  stored.backup_eligible = false;
  EXPECT_EQ(asserted(), "");
  one.flags = 0x1D;
  EXPECT_EQ(asserted(), "backup eligibility changed");
}

TEST_F(Assertion, Step21ClientDataIsHashedAsItCame) {
  const Blob data = one.authenticator_data(), client = one.client_data();
  const Blob signature = one.sign(data, client);
  one.more = R"(,"x":1)";
  EXPECT_EQ(why(assert_with(signature)), "signature");
}

TEST_F(Assertion, Step22Signature) {
  const Blob data = one.authenticator_data(), client = one.client_data();
  const Blob good = one.sign(data, client), jose = one.key.sign(test::joined({data, crypto::sha256(client)})).value();
  EXPECT_EQ(why(assert_with(good)), "");
  EXPECT_EQ(why(assert_with({})), "signature");
  EXPECT_EQ(why(assert_with(jose)), "signature") << "r, s";
  EXPECT_EQ(why(assert_with(test::joined({good, Blob{0}}))), "signature") << "trailing byte";
  EXPECT_EQ(why(assert_with(test::der_of(Blob(64, 0)))), "signature") << "r = s = 0";
  EXPECT_EQ(why(assert_with(test::der_of(Blob(64, 0xFF)))), "signature") << "beyond the order";
  Blob long_form = good;  // a length in two bytes where one is enough
  long_form.insert(long_form.begin() + 1, 0x81);
  EXPECT_EQ(why(assert_with(long_form)), "signature");
  stored.public_key = SoftwareAuthenticator().cose();
  EXPECT_EQ(why(assert_with(good)), "signature") << "of another key";
  stored.public_key = {};
  EXPECT_EQ(why(assert_with(good)), "stored public key");
}

TEST_F(Assertion, AuthenticatorDataIsWhole) {
  one.tail = {0};
  EXPECT_EQ(asserted(), "authenticator data");
}

TEST_F(Assertion, Step23SignCount) {
  struct Case {
    uint32_t before, now;
    bool cloned;
  };
  for (const auto& [before, now, cloned] :
       {Case{0, 0, false}, {0, 1, false}, {5, 6, false}, {5, 5, true}, {5, 4, true}, {5, 0, true}}) {
    stored.sign_count = before;
    one.sign_count = now;
    const auto made = assert_with(one.sign(one.authenticator_data(), one.client_data()));
    ASSERT_TRUE(made);
    EXPECT_EQ(made->maybe_cloned, cloned) << before << ' ' << now;
    EXPECT_EQ(made->sign_count, now);
  }
}

}  // namespace
}  // namespace webauthn
