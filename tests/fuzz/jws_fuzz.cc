// Whatever arrives as a token or a key: reading it ends, and nothing that was not signed is ever accepted.
#include <cstdlib>
#include <vector>

#include "crypto/base64url.h"
#include "crypto/jws.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

const std::vector<crypto::SigningKey>& keys() {
  static const auto all = [] {
    crypto::SystemRandom random;
    std::vector<crypto::SigningKey> made;
    for (auto algorithm : {crypto::Algorithm::ES256, crypto::Algorithm::EdDSA, crypto::Algorithm::HS256}) {
      made.push_back(crypto::SigningKey::generate(algorithm, random).value());
    }
    return made;
  }();
  return all;
}

void check_token(std::string_view text) {
  const auto token = crypto::parse_compact(text);
  if (!token) return;
  require(text.size() <= crypto::max_compact_size && !token->signature.empty());
  // There is one spelling: what was decoded encodes to the same text.
  const size_t payload = token->signing_input.find('.') + 1;
  require(crypto::base64url_encode(crypto::as_bytes(token->payload)) == token->signing_input.substr(payload));
  require(crypto::base64url_encode(token->signature) == text.substr(token->signing_input.size() + 1));
  for (const auto& key : keys()) require(!crypto::verify(*token, key.verify_key()));
}

void check_key(std::string_view text) {
  if (const auto key = crypto::VerifyKey::from_jwk(text)) {
    const auto again = crypto::VerifyKey::from_jwk(key->public_jwk());
    require(again && again->kid() == key->kid() && again->public_jwk() == key->public_jwk());
  }
  (void)crypto::parse_key_set(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_token(text);
  check_key(text);
  return 0;
}
