#include "webauthn/attestation.h"

#include "webauthn/attestation_certificate.h"
#include "webauthn/client_data.h"

namespace webauthn {
namespace {

using core::Result, crypto::Bytes;

std::vector<uint8_t> signed_bytes(const Attested& attested) {
  std::vector<uint8_t> out(attested.authenticator_data.begin(), attested.authenticator_data.end());
  out.insert(out.end(), attested.client_data_hash.begin(), attested.client_data_hash.end());
  return out;
}

Result<> verify_self(int64_t algorithm, Bytes signature, const Attested& attested) {
  if (algorithm != attested.key.algorithm()) return refused("self attestation: alg");
  if (!attested.key.verify(signed_bytes(attested), signature)) return refused("self attestation: signature");
  return {};
}

// Only the first certificate is looked at: no trust is derived, so that the rest of the chain proves nothing.
Result<> verify_by_certificate(const cbor::Value& chain, int64_t algorithm, Bytes signature, const Attested& attested) {
  const auto first = chain.items.empty() ? std::nullopt : chain.items[0].bytes();
  if (!chain.is(cbor::Value::Kind::array) || !first) return refused("attestation: x5c");
  const auto certificate = AttestationCertificate::parse(*first);
  if (!certificate) return refused("attestation: certificate");
  if (!certificate->verify(algorithm, signed_bytes(attested), signature)) return refused("attestation: signature");
  if (!certificate->meets_requirements(attested.aaguid)) return refused("attestation: requirements of certificates");
  return {};
}

Result<> verify_packed(const cbor::Value& statement, const Attested& attested) {
  const auto *alg = statement.find("alg"), *sig = statement.find("sig"), *chain = statement.find("x5c");
  const auto algorithm = alg ? alg->integer() : std::nullopt;
  const auto signature = sig ? sig->bytes() : std::nullopt;
  if (!algorithm || !signature || statement.items.size() != (chain ? 6 : 4)) return refused("attestation: statement");
  return chain ? verify_by_certificate(*chain, *algorithm, *signature, attested)
               : verify_self(*algorithm, *signature, attested);
}

}  // namespace

Result<> verify_attestation(std::string_view format, const cbor::Value& statement, const Attested& attested) {
  if (!statement.is(cbor::Value::Kind::map)) return refused("attestation: statement");
  if (format == "packed") return verify_packed(statement, attested);
  if (format != "none") return refused("attestation: format");
  if (!statement.items.empty()) return refused("attestation: statement");
  return {};
}

}  // namespace webauthn
