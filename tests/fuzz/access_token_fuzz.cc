// Whatever arrives as an access token: only what our key signed, with our claims, is accepted.
#include <cstdlib>

#include "tokens/access_token.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

const core::Time now = core::from_millis(1'800'000'000'000);

const tokens::KeySet& keys() {
  static const auto set = [] {
    crypto::SeededRandom random(1);
    auto key = crypto::SigningKey::generate(crypto::Algorithm::HS256, random).value();
    tokens::KeySet made;
    made.access.push_back({std::make_shared<crypto::SigningKey>(std::move(key)), {}, core::Time::max()});
    return made;
  }();
  return set;
}

bool accepted(std::string_view token) {
  static const tokens::Config config;
  const auto claims = tokens::verify_access_token(token, keys(), config, now);
  if (claims) require(claims->expires_at > now && token.size() <= crypto::max_compact_size);
  return claims.has_value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::string good(
      tokens::issue_access_token(keys(), {}, {.issued_at = now, .expires_at = now + core::Seconds(60)})
          .value()
          .expose());
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  require(accepted(good));
  require(input == good || !accepted(input));
  std::string edited = good;
  for (size_t i = 0; i + 1 < size; i += 2) edited[data[i] * good.size() / 256] = static_cast<char>(data[i + 1]);
  require(edited == good || !accepted(edited));
  // Claims of any form, signed: read without harm.
  const auto& key = *keys().access[0].key;
  const auto header = "{\"alg\":\"HS256\",\"kid\":\"" + key.kid() + "\",\"typ\":\"at+jwt\"}";
  accepted(crypto::sign_compact(key, header, input).value());
  return 0;
}
