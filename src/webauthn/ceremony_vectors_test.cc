// The test vectors of WebAuthn Level 3 (section 16), and assertions that break one step each.
#include <gtest/gtest.h>

#include <cstdio>

#include "crypto/vectors_for_test.h"
#include "webauthn/ceremony.h"
#include "webauthn/credential_key.h"

namespace webauthn {
namespace {

namespace json = boost::json;

constexpr char file_name[] = "webauthn-w3c/vectors.json", negative_name[] = "webauthn-w3c/negative-assertions.json";

std::vector<uint8_t> bytes_of(const json::value& object, std::string_view member) {
  return crypto::hex_at(object.at(member), "hex");
}

Expected expected(const json::value& vector, const std::string& challenge, bool framed) {
  Expected out{.rp_id = crypto::text_at(vector, "rpId"),
               .origins = {crypto::text_at(vector, "origin")},
               .top_origins = {},
               .challenge = challenge,
               .algorithms = {es256, eddsa, rs256},
               .user_verification = false};
  if (framed) out.top_origins = {crypto::text_at(vector, "topOrigin")};
  return out;
}

core::Result<Registered> register_vector(const json::value& vector, bool framed) {
  const auto& made = vector.at("registration");
  return verify_registration(expected(vector, crypto::text_at(made.at("challenge"), "b64u"), framed),
                             bytes_of(made, "clientDataJSON"), bytes_of(made, "attestationObject"));
}

core::Result<Asserted> assert_vector(const json::value& vector, const Registered& known, bool framed) {
  const auto& made = vector.at("authentication").at(0);
  return verify_assertion(expected(vector, crypto::text_at(made.at("challenge"), "b64u"), framed),
                          {known.public_key, known.sign_count, known.backup_eligible}, bytes_of(made, "clientDataJSON"),
                          bytes_of(made, "authenticatorData"), bytes_of(made, "signature"));
}

TEST(WebAuthnVectors, RegistrationsAndAssertionsVerify) {
  LOAD_VECTORS_OR_SKIP(file, file_name);
  int verified = 0, other_formats = 0;
  for (const auto& vector : file->at("vectors").as_array()) {
    const std::string id = crypto::text_at(vector, "id");
    SCOPED_TRACE(id);
    const std::string format = crypto::text_at(vector.at("expected"), "fmt");
    const auto made = register_vector(vector, true);
    if (format != "none" && format != "packed") {
      ASSERT_FALSE(made);
      EXPECT_EQ(made.error().cause, "webauthn: attestation: format");
      ++other_formats;
      continue;
    }
    ASSERT_TRUE(made) << made.error().cause;
    EXPECT_EQ(made->id, bytes_of(vector.at("registration"), "credential_id"));
    EXPECT_EQ(made->algorithm, vector.at("expected").at("alg").as_int64());
    const auto asserted = assert_vector(vector, *made, true);
    ASSERT_TRUE(asserted) << asserted.error().cause;
    EXPECT_FALSE(asserted->maybe_cloned);
    EXPECT_EQ(register_vector(vector, false).has_value(), id != "none-es256-crossOrigin");
    ++verified;
  }
  printf("webauthn-w3c: %d verified, %d of other formats refused\n", verified, other_formats);
  EXPECT_EQ(verified, 5);
  EXPECT_EQ(other_formats, 2);
}

TEST(WebAuthnVectors, EachNegativeAssertionIsRefused) {
  LOAD_VECTORS_OR_SKIP(file, file_name);
  LOAD_VECTORS_OR_SKIP(negative, negative_name);
  const auto& vector = file->at("vectors").at(0);
  const auto known = register_vector(vector, false);
  ASSERT_TRUE(known);
  int cases = 0;
  for (const auto& test : negative->as_array()) {
    const std::string name = crypto::text_at(test, "name"), verdict = crypto::text_at(test, "expect");
    SCOPED_TRACE(name);
    const auto decoded = [&](std::string_view member) {
      return crypto::base64url_decode(crypto::text_at(test, member)).value();
    };
    const auto* credential = test.as_object().if_contains("stored_credential");
    const auto count = credential ? static_cast<uint32_t>(credential->at("signCount").as_int64()) : known->sign_count;
    const auto made =
        verify_assertion(expected(vector, crypto::text_at(test, "expected_challenge_b64u"), false),
                         {known->public_key, count, known->backup_eligible}, decoded("clientDataJSON_b64u"),
                         decoded("authenticatorData_b64u"), decoded("signature_b64u"));
    const bool cloned = name == "signcount-regress" || name == "signcount-equal-nonzero";
    EXPECT_EQ(made.has_value(), verdict == "accept" || cloned) << (made ? "" : made.error().cause);
    EXPECT_EQ(made && made->maybe_cloned, cloned);
    ++cases;
  }
  printf("webauthn-w3c negative assertions: %d cases\n", cases);
  EXPECT_EQ(cases, 22);
}

}  // namespace
}  // namespace webauthn
