// Owns: the certificate of a packed attestation and its requirements (WebAuthn section 8.2.1).
// Does not own: chains and trust.
// Thread rule: values; safe from any thread.
#pragma once
#include <memory>
#include <optional>

#include "webauthn/authenticator_data.h"

using X509 = struct x509_st;

namespace webauthn {

class AttestationCertificate {
 public:
  // One DER certificate and nothing behind it; else absent.
  static std::optional<AttestationCertificate> parse(crypto::Bytes der);
  // Whether its key made the signature, by exactly this algorithm.
  bool verify(int64_t algorithm, crypto::Bytes message, crypto::Bytes signature) const;
  // Version 3, the subject's C, O, OU and CN, no CA; the model that it is for, if it names one, is this one.
  bool meets_requirements(const Aaguid& aaguid) const;

 private:
  explicit AttestationCertificate(std::shared_ptr<X509> certificate) : certificate_(std::move(certificate)) {}
  std::shared_ptr<X509> certificate_;
};

}  // namespace webauthn
