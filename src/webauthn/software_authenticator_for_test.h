// Owns: an authenticator in memory whose answers can be bent at each place that a check looks at.
// Does not own: judging them. For tests only.
// Thread rule: values; not shared while written.
#pragma once
#include <openssl/ecdsa.h>

#include <boost/json/parse.hpp>

#include "crypto/base64url.h"
#include "crypto/digest.h"
#include "crypto/library.h"
#include "webauthn/credential_key.h"

namespace webauthn::test {

using Blob = std::vector<uint8_t>;

inline Blob joined(std::initializer_list<crypto::Bytes> parts) {
  Blob out;
  for (const auto part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

// CBOR as far as authenticators write it.
inline Blob head(int major, uint64_t number) {
  const auto first = static_cast<uint8_t>(major << 5);
  if (number < 24) return {static_cast<uint8_t>(first | number)};
  if (number < 256) return {static_cast<uint8_t>(first | 24), static_cast<uint8_t>(number)};
  return {static_cast<uint8_t>(first | 25), static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number)};
}
inline Blob number(int64_t n) {
  return n < 0 ? head(1, static_cast<uint64_t>(-1 - n)) : head(0, static_cast<uint64_t>(n));
}
inline Blob bytes(crypto::Bytes content) { return joined({head(2, content.size()), content}); }
inline Blob text(std::string_view content) { return joined({head(3, content.size()), crypto::as_bytes(content)}); }
inline Blob array(const std::vector<Blob>& items) {
  Blob out = head(4, items.size());
  for (const auto& item : items) out.insert(out.end(), item.begin(), item.end());
  return out;
}
inline Blob map(const std::vector<std::pair<Blob, Blob>>& entries) {
  Blob out = head(5, entries.size());
  for (const auto& [key, value] : entries) out = joined({out, key, value});
  return out;
}

inline Blob der_of(crypto::Bytes jose) {
  const std::unique_ptr<ECDSA_SIG, crypto::Release<ECDSA_SIG_free>> signature(ECDSA_SIG_new());
  ECDSA_SIG_set0(signature.get(), BN_bin2bn(jose.data(), 32, nullptr), BN_bin2bn(jose.data() + 32, 32, nullptr));
  Blob out(80);
  uint8_t* at = out.data();
  out.resize(static_cast<size_t>(i2d_ECDSA_SIG(signature.get(), &at)));
  return out;
}

struct SoftwareAuthenticator {
  crypto::SystemRandom random;
  crypto::SigningKey key;
  int64_t algorithm;
  std::string rp_id = "example.org", origin = "https://example.org", challenge = "AAECAwQFBgcICQoLDA0ODw";
  std::string type = "webauthn.create", more;  // of the client data; `more` follows its members
  uint8_t flags = 0x5D;                        // UP, UV, BE, BS, AT
  uint32_t sign_count = 0;
  Blob aaguid = Blob(16, 7), id = Blob(32, 9), tail;  // `tail` follows the authenticator data

  explicit SoftwareAuthenticator(crypto::Algorithm with = crypto::Algorithm::ES256)
      : key(crypto::SigningKey::generate(with, random).value()),
        algorithm(with == crypto::Algorithm::ES256   ? es256
                  : with == crypto::Algorithm::EdDSA ? eddsa
                                                     : rs256) {}

  Blob number_of(std::string_view member) const {
    const auto jwk = boost::json::parse(key.public_jwk());
    return crypto::base64url_decode(std::string_view(jwk.at(member).as_string())).value();
  }
  std::vector<std::pair<Blob, Blob>> cose_entries() const {
    if (algorithm == rs256)
      return {{number(1), number(3)},
              {number(3), number(rs256)},
              {number(-1), bytes(number_of("n"))},
              {number(-2), bytes(number_of("e"))}};
    if (algorithm == eddsa)
      return {{number(1), number(1)},
              {number(3), number(eddsa)},
              {number(-1), number(6)},
              {number(-2), bytes(number_of("x"))}};
    return {{number(1), number(2)},
            {number(3), number(es256)},
            {number(-1), number(1)},
            {number(-2), bytes(number_of("x"))},
            {number(-3), bytes(number_of("y"))}};
  }
  Blob cose() const { return map(cose_entries()); }

  Blob client_data() const {
    const std::string json = R"({"type":")" + type + R"(","challenge":")" + challenge + R"(","origin":")" + origin +
                             R"(","crossOrigin":false)" + more + "}";
    return {json.begin(), json.end()};
  }
  Blob authenticator_data(const Blob& public_key) const {
    const Blob count{static_cast<uint8_t>(sign_count >> 24), static_cast<uint8_t>(sign_count >> 16),
                     static_cast<uint8_t>(sign_count >> 8), static_cast<uint8_t>(sign_count)};
    Blob out = joined({crypto::sha256(rp_id), Blob{flags}, count});
    const Blob size{static_cast<uint8_t>(id.size() >> 8), static_cast<uint8_t>(id.size())};
    if (flags & 64) out = joined({out, aaguid, size, id, public_key});
    return joined({out, tail});
  }
  Blob authenticator_data() const { return authenticator_data(cose()); }

  Blob sign(const Blob& data, const Blob& client) const {
    const Blob made = key.sign(joined({data, crypto::sha256(client)})).value();
    return algorithm == es256 ? der_of(made) : made;
  }
  static Blob attestation(const Blob& data, std::string_view format, const Blob& statement) {
    return map({{text("fmt"), text(format)}, {text("attStmt"), statement}, {text("authData"), bytes(data)}});
  }
  Blob attestation() const { return attestation(authenticator_data(), "none", map({})); }
};

}  // namespace webauthn::test
