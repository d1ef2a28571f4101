// Whatever arrives as a refresh token: it has one spelling, and only what we issued verifies.
#include <cstdlib>

#include "crypto/base64url.h"
#include "tokens/refresh_token.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

const crypto::Secret secret(std::string(32, 's'));

const tokens::KeySet& keys() {
  static const auto set = [] {
    tokens::KeySet made;
    made.refresh.push_back(
        {{1, 2, 3, 4}, crypto::HmacKey(crypto::Secret(std::string(32, 'k'))), {}, core::Time::max()});
    return made;
  }();
  return set;
}

void check(std::string_view text) {
  const auto token = tokens::RefreshToken::parse(text);
  if (!token) return;
  require(text.starts_with("ush_r_") && token->generation >= 0);
  const auto bytes = crypto::base64url_decode(text.substr(6));
  require(bytes && "ush_r_" + crypto::base64url_encode(*bytes) == text);
  if (!tokens::verify(*token, keys(), {}, secret)) return;
  require(tokens::issue_refresh_token(keys(), {}, token->session, token->generation, secret).expose() == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check(input);
  // The same bytes behind the prefix, and as an edit of a token of ours.
  check("ush_r_" + crypto::base64url_encode(crypto::as_bytes(input)));
  const auto good = tokens::issue_refresh_token(keys(), {}, {}, 7, secret);
  require(tokens::verify(*tokens::RefreshToken::parse(good.expose()), keys(), {}, secret));
  std::string edited(good.expose());
  for (size_t i = 0; i + 1 < size; i += 2) edited[data[i] % edited.size()] = static_cast<char>(data[i + 1]);
  const auto token = tokens::RefreshToken::parse(edited);
  require(edited == good.expose() || !token || !tokens::verify(*token, keys(), {}, secret));
  return 0;
}
