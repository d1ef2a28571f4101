#include "tokens/refresh_token.h"

#include "crypto/base64url.h"

namespace tokens {
namespace {

constexpr std::string_view prefix = "ush_r_";
constexpr uint8_t version = 1;
constexpr size_t key_at = 1, session_at = 5, generation_at = 21, mac_at = 29, size = 61;

std::array<uint8_t, 8> big_endian(int64_t value) {
  std::array<uint8_t, 8> out;
  for (size_t i = 0; i < 8; ++i) out[i] = static_cast<uint8_t>(static_cast<uint64_t>(value) >> (56 - 8 * i));
  return out;
}

crypto::Digest256 mac_of(const crypto::HmacKey& key, const core::Uuid& session, int64_t generation,
                         const crypto::Secret& secret) {
  return key({secret.bytes(), session.bytes, big_endian(generation)});
}

template <size_t N>
std::array<uint8_t, N> slice(const std::vector<uint8_t>& bytes, size_t at) {
  std::array<uint8_t, N> out;
  std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(at), N, out.begin());
  return out;
}

}  // namespace

std::optional<RefreshToken> RefreshToken::parse(std::string_view text) {
  if (!text.starts_with(prefix)) return std::nullopt;
  const auto bytes = crypto::base64url_decode(text.substr(prefix.size()));
  if (!bytes || bytes->size() != size || (*bytes)[0] != version) return std::nullopt;
  uint64_t generation = 0;
  for (size_t i = 0; i < 8; ++i) generation = generation << 8 | (*bytes)[generation_at + i];
  if (generation > uint64_t{INT64_MAX} / 2) return std::nullopt;
  return RefreshToken{slice<4>(*bytes, key_at), core::Uuid{slice<16>(*bytes, session_at)},
                      static_cast<int64_t>(generation), slice<32>(*bytes, mac_at)};
}

crypto::Secret issue_refresh_token(const KeySet& keys, core::Time now, const core::Uuid& session, int64_t generation,
                                   const crypto::Secret& session_secret) {
  const auto& key = keys.mac(now);
  std::vector<uint8_t> bytes{version};
  const auto append = [&](crypto::Bytes part) { bytes.insert(bytes.end(), part.begin(), part.end()); };
  append(key.id);
  append(session.bytes);
  append(big_endian(generation));
  append(mac_of(key.key, session, generation, session_secret));
  return crypto::Secret(std::string(prefix) + crypto::base64url_encode(bytes));
}

bool verify(const RefreshToken& token, const KeySet& keys, core::Time now, const crypto::Secret& session_secret) {
  const auto* key = keys.mac(token.key, now);
  return key && crypto::equal(mac_of(key->key, token.session, token.generation, session_secret), token.mac);
}

}  // namespace tokens
