// Steps 21 to 23 of section 7.1: formats, statements and what section 8.2.1 asks of certificates.
#include <gtest/gtest.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <functional>

#include "webauthn/ceremony.h"
#include "webauthn/software_authenticator_for_test.h"

namespace webauthn {
namespace {

using test::Blob, test::SoftwareAuthenticator;

struct CertificateForm {
  std::vector<std::pair<const char*, const char*>> subject{
      {"C", "AT"}, {"O", "Maker"}, {"OU", "Authenticator Attestation"}, {"CN", "Model 1"}};
  long version = X509_VERSION_3;
  std::string constraints = "critical,CA:FALSE";
  std::string aaguid = "DER:041007070707070707070707070707070707";
};

using CertificatePtr = std::unique_ptr<X509, crypto::Release<X509_free>>;

void add_extension(X509* to, const char* oid, const std::string& value) {
  if (value.empty()) return;
  X509_EXTENSION* extension = X509V3_EXT_conf(nullptr, nullptr, oid, value.c_str());
  ASSERT_NE(extension, nullptr) << oid;
  X509_add_ext(to, extension, -1);
  X509_EXTENSION_free(extension);
}

Blob certificate(EVP_PKEY* key, const CertificateForm& form) {
  const CertificatePtr made(X509_new());
  X509_set_version(made.get(), form.version);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
  for (const auto& [field, value] : form.subject)
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), field, MBSTRING_UTF8,
                               reinterpret_cast<const uint8_t*>(value), -1, -1, 0);
  X509_set_issuer_name(made.get(), X509_get_subject_name(made.get()));
  X509_set_pubkey(made.get(), key);
  add_extension(made.get(), "basicConstraints", form.constraints);
  add_extension(made.get(), "1.3.6.1.4.1.45724.1.1.4", form.aaguid);
  X509_sign(made.get(), key, EVP_sha256());
  Blob out(4096);
  uint8_t* at = out.data();
  out.resize(static_cast<size_t>(i2d_X509(made.get(), &at)));
  return out;
}

Blob sign(EVP_PKEY* key, const Blob& message) {
  const crypto::DigestContextPtr context(EVP_MD_CTX_new());
  EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key);
  size_t size = 600;
  Blob out(size);
  EVP_DigestSign(context.get(), out.data(), &size, message.data(), message.size());
  out.resize(size);
  return out;
}

struct Packed : testing::Test {
  SoftwareAuthenticator one;
  Blob data = one.authenticator_data(), client = one.client_data();
  Blob message = test::joined({data, crypto::sha256(client)});
  crypto::KeyPtr maker{EVP_EC_gen("prime256v1")};

  std::string verify(std::string_view format, const Blob& statement) {
    const Expected expected{.rp_id = "example.org",
                            .origins = {"https://example.org"},
                            .top_origins = {},
                            .challenge = one.challenge,
                            .algorithms = {es256}};
    const auto made =
        verify_registration(expected, client, SoftwareAuthenticator::attestation(data, format, statement));
    return made ? "" : made.error().cause.substr(sizeof "webauthn: " - 1);
  }
  static Blob statement(int64_t algorithm, const Blob& signature) {
    return test::map({{test::text("alg"), test::number(algorithm)}, {test::text("sig"), test::bytes(signature)}});
  }
  static Blob statement(int64_t algorithm, const Blob& signature, const Blob& chain) {
    return test::map({{test::text("alg"), test::number(algorithm)},
                      {test::text("sig"), test::bytes(signature)},
                      {test::text("x5c"), chain}});
  }
  std::string with(const CertificateForm& form) {
    return verify("packed", statement(es256, sign(maker.get(), message),
                                      test::array({test::bytes(certificate(maker.get(), form))})));
  }
};

TEST_F(Packed, Step21Format) {
  EXPECT_EQ(verify("none", test::map({})), "");
  for (const char* other : {"None", "Packed", "fido-u2f", "tpm", "apple", ""})
    EXPECT_EQ(verify(other, test::map({})), "attestation: format") << other;
  EXPECT_EQ(verify("none", test::array({})), "attestation: statement");
  EXPECT_EQ(verify("none", statement(es256, {1})), "attestation: statement") << "none says nothing";
}

TEST_F(Packed, Step22Self) {
  const Blob signature = one.sign(data, client);
  EXPECT_EQ(verify("packed", statement(es256, signature)), "");
  EXPECT_EQ(verify("packed", statement(rs256, signature)), "self attestation: alg");
  EXPECT_EQ(verify("packed", statement(es256, SoftwareAuthenticator().sign(data, client))),
            "self attestation: signature");
  EXPECT_EQ(verify("packed", statement(es256, {})), "self attestation: signature");
  EXPECT_EQ(verify("packed", test::map({})), "attestation: statement");
  EXPECT_EQ(verify("packed", test::map({{test::text("alg"), test::number(es256)}})), "attestation: statement");
}

TEST_F(Packed, Step22Certificate) {
  const Blob signature = sign(maker.get(), message), good = certificate(maker.get(), CertificateForm{});
  const auto chain = [](const Blob& der) { return test::array({test::bytes(der)}); };
  EXPECT_EQ(verify("packed", statement(es256, signature, chain(good))), "");
  EXPECT_EQ(verify("packed", statement(es256, signature, test::array({}))), "attestation: x5c");
  EXPECT_EQ(verify("packed", statement(es256, signature, test::bytes(good))), "attestation: x5c");
  EXPECT_EQ(verify("packed", statement(es256, signature, chain({0x30, 0}))), "attestation: certificate");
  EXPECT_EQ(verify("packed", statement(es256, signature, chain(test::joined({good, Blob{0}})))),
            "attestation: certificate");
  EXPECT_EQ(verify("packed", statement(rs256, signature, chain(good))), "attestation: signature") << "alg";
  EXPECT_EQ(verify("packed", statement(-35, signature, chain(good))), "attestation: signature") << "unknown alg";
  EXPECT_EQ(verify("packed", statement(es256, one.sign(data, client), chain(good))), "attestation: signature")
      << "by the credential's key";
}

TEST_F(Packed, RequirementsOfCertificates) {
  const std::vector<std::pair<const char*, std::function<void(CertificateForm&)>>> bent{
      {"version", [](CertificateForm& f) { f.version = X509_VERSION_1; }},
      {"no country", [](CertificateForm& f) { f.subject.erase(f.subject.begin()); }},
      {"no organization", [](CertificateForm& f) { f.subject.erase(f.subject.begin() + 1); }},
      {"no unit", [](CertificateForm& f) { f.subject.erase(f.subject.begin() + 2); }},
      {"another unit", [](CertificateForm& f) { f.subject[2].second = "authenticator attestation"; }},
      {"no name", [](CertificateForm& f) { f.subject.pop_back(); }},
      {"CA", [](CertificateForm& f) { f.constraints = "critical,CA:TRUE"; }},
      {"no constraints", [](CertificateForm& f) { f.constraints = ""; }},
      {"AAGUID of another model", [](CertificateForm& f) { f.aaguid = "DER:041008080808080808080808080808080808"; }},
      {"AAGUID in one octet string", [](CertificateForm& f) { f.aaguid = "DER:07070707070707070707070707070707"; }},
      {"critical AAGUID", [](CertificateForm& f) { f.aaguid = "critical," + f.aaguid; }}};
  for (const auto& [name, bend] : bent) {
    CertificateForm form;
    bend(form);
    EXPECT_EQ(with(form), "attestation: requirements of certificates") << name;
  }
  CertificateForm anonymous;
  anonymous.aaguid = "";
  EXPECT_EQ(with(anonymous), "");
}

}  // namespace
}  // namespace webauthn
