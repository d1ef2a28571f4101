#include "mfa/recovery_code.h"

#include <algorithm>
#include <array>

#include "mfa/base32.h"

namespace mfa {
namespace {

constexpr size_t code_bytes = 10, group = 4;

}  // namespace

crypto::Secret create_recovery_code(crypto::Random& random) {
  std::array<uint8_t, code_bytes> bytes{};
  random.fill(bytes);
  std::string text = base32_encode(bytes);
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (size_t at = group; at < text.size(); at += group + 1) text.insert(at, 1, '-');
  return crypto::Secret(std::move(text));
}

std::optional<crypto::Secret> read_recovery_code(std::string_view text) {
  auto bytes = base32_decode(text);
  if (!bytes || bytes->size() != code_bytes) return std::nullopt;
  return crypto::Secret(std::move(*bytes));
}

crypto::Digest256 hash_recovery_code(const crypto::HmacKey& key, accounts::UserId user, const crypto::Secret& code) {
  return key({crypto::as_bytes("recovery code"), user.value.bytes, code.bytes()});
}

}  // namespace mfa
