#include "webauthn/attestation_certificate.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <string>

#include "crypto/library.h"
#include "webauthn/credential_key.h"

namespace webauthn {
namespace {

using crypto::Bytes, crypto::Release;

// id-fido-gen-ce-aaguid
constexpr char aaguid_oid[] = "1.3.6.1.4.1.45724.1.1.4";

// Empty unless the subject has exactly one of it.
std::string subject_entry(const X509* certificate, int nid) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, nid, -1);
  if (at < 0 || X509_NAME_get_index_by_NID(subject, nid, at) >= 0) return "";
  const ASN1_STRING* text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<size_t>(ASN1_STRING_length(text))};
}

bool has_sound_subject(const X509* certificate) {
  return subject_entry(certificate, NID_countryName).size() == 2 &&
         !subject_entry(certificate, NID_organizationName).empty() &&
         subject_entry(certificate, NID_organizationalUnitName) == "Authenticator Attestation" &&
         !subject_entry(certificate, NID_commonName).empty();
}

// Basic constraints that are there, and say that this is no CA.
bool is_leaf(const X509* certificate) {
  const std::unique_ptr<BASIC_CONSTRAINTS, Release<BASIC_CONSTRAINTS_free>> constraints(
      static_cast<BASIC_CONSTRAINTS*>(X509_get_ext_d2i(certificate, NID_basic_constraints, nullptr, nullptr)));
  ERR_clear_error();
  return constraints && constraints->ca == 0;
}

// The extension holds an OCTET STRING in an OCTET STRING, and is not critical.
bool is_for(const X509* certificate, const Aaguid& aaguid) {
  const std::unique_ptr<ASN1_OBJECT, Release<ASN1_OBJECT_free>> oid(OBJ_txt2obj(aaguid_oid, 1));
  const int at = X509_get_ext_by_OBJ(certificate, oid.get(), -1);
  if (at < 0) return true;
  X509_EXTENSION* extension = X509_get_ext(certificate, at);
  const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(extension);
  const Bytes der(ASN1_STRING_get0_data(value), static_cast<size_t>(ASN1_STRING_length(value)));
  constexpr uint8_t head[] = {V_ASN1_OCTET_STRING, sizeof(Aaguid)};
  return !X509_EXTENSION_get_critical(extension) && der.size() == sizeof head + aaguid.size() &&
         std::ranges::equal(der.first(sizeof head), head) && std::ranges::equal(der.subspan(sizeof head), aaguid);
}

bool is_key_for(const EVP_PKEY* key, int64_t algorithm) {
  if (algorithm == es256) return EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_bits(key) == 256;
  if (algorithm == rs256) return EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) >= 2048;
  return algorithm == eddsa && EVP_PKEY_is_a(key, "ED25519");
}

}  // namespace

std::optional<AttestationCertificate> AttestationCertificate::parse(Bytes der) {
  const uint8_t* at = der.data();
  std::shared_ptr<X509> certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())), Release<X509_free>{});
  if (!certificate) ERR_clear_error();
  if (!certificate || at != der.data() + der.size()) return std::nullopt;
  return AttestationCertificate(std::move(certificate));
}

bool AttestationCertificate::verify(int64_t algorithm, Bytes message, Bytes signature) const {
  EVP_PKEY* key = X509_get0_pubkey(certificate_.get());
  if (!key || !is_key_for(key, algorithm)) return ERR_clear_error(), false;
  const crypto::DigestContextPtr context(EVP_MD_CTX_new());
  crypto::must(context != nullptr, "EVP_MD_CTX_new");
  const EVP_MD* digest = algorithm == eddsa ? nullptr : EVP_sha256();
  const bool good =
      EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) == 1 &&
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
  ERR_clear_error();
  return good;
}

bool AttestationCertificate::meets_requirements(const Aaguid& aaguid) const {
  const X509* certificate = certificate_.get();
  return X509_get_version(certificate) == X509_VERSION_3 && has_sound_subject(certificate) && is_leaf(certificate) &&
         is_for(certificate, aaguid);
}

}  // namespace webauthn
