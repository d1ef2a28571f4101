// Owns: the compact form of signed tokens (RFC 7515 section 7.1), read as strictly as RFC 8725 advises.
// Does not own: claims and token types (tokens/), or which key a kid names.
// Thread rule: pure functions.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "crypto/jwk.h"

namespace crypto {

inline constexpr size_t max_compact_size = 8 * 1024;

// What a token says of itself; nothing of it is proved before verify().
struct CompactJws {
  Algorithm algorithm;
  std::optional<std::string> kid, typ;
  std::string payload;
  std::vector<uint8_t> signature;
  std::string_view signing_input;  // of the text that was parsed, which must live as long
};

// token_malformed: not three parts of strict base64url, above max_compact_size, no signature, or a header that is not
// a JSON object with unique members.
// token_invalid: an algorithm other than the four (none included), a header member that changes how the token is read
// or names its own key (crit, zip, b64, jku, jwk, x5u, x5c), or a kid or typ that is not text.
core::Result<CompactJws> parse_compact(std::string_view token);

// token_invalid unless the signature is good and the header's algorithm is the key's.
core::Result<> verify(const CompactJws& token, const VerifyKey& key);

// Both texts are JSON already; `header_json` says the key's alg. Fails only as SigningKey::sign does.
core::Result<std::string> sign_compact(const SigningKey& key, std::string_view header_json,
                                       std::string_view payload_json);

}  // namespace crypto
