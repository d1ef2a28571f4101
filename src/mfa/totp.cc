#include "mfa/totp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "crypto/digest.h"
#include "mfa/base32.h"

namespace mfa {
namespace {

const EVP_MD* method_of(OtpHash hash) {
  switch (hash) {
    case OtpHash::sha1:
      return EVP_sha1();
    case OtpHash::sha256:
      return EVP_sha256();
    case OtpHash::sha512:
      return EVP_sha512();
  }
  std::abort();
}

// RFC 4226 section 5.3: four bytes where the last half byte says, without the sign.
uint32_t truncated(std::span<const uint8_t> mac) {
  const size_t at = mac.back() & 15;
  return (uint32_t{mac[at]} & 0x7f) << 24 | uint32_t{mac[at + 1]} << 16 | uint32_t{mac[at + 2]} << 8 | mac[at + 3];
}

// Everything but the unreserved characters of RFC 3986.
std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").contains(c);
    if (plain) out += c;
    else out.append({'%', "0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15]});
  }
  return out;
}

}  // namespace

crypto::Secret create_seed(crypto::Random& random) {
  std::array<uint8_t, seed_bytes> bytes{};
  random.fill(bytes);
  return crypto::Secret(bytes);
}

std::string one_time_password(const crypto::Secret& seed, uint64_t counter, const OtpForm& form) {
  std::array<uint8_t, 8> message{};
  for (size_t i = 0; i < message.size(); ++i) message[i] = static_cast<uint8_t>(counter >> (56 - 8 * i));
  std::array<uint8_t, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  if (!HMAC(method_of(form.hash), seed.bytes().data(), static_cast<int>(seed.size()), message.data(), message.size(),
            mac.data(), &size))
    std::abort();
  std::string digits = std::to_string(truncated({mac.data(), size}));
  digits.insert(0, std::max<size_t>(digits.size(), 10) - digits.size(), '0');
  return digits.substr(digits.size() - static_cast<size_t>(form.digits));
}

std::optional<int64_t> accept(const crypto::Secret& seed, std::string_view password, core::Time now, int64_t last_used,
                              const OtpForm& form) {
  const int64_t current = std::chrono::floor<core::Seconds>(now).time_since_epoch() / otp_step;
  std::optional<int64_t> accepted;
  // All three are compared, so that the time does not tell which it was.
  for (const int64_t step : {current - 1, current, current + 1}) {
    const bool same = step >= 0 && crypto::equal(one_time_password(seed, static_cast<uint64_t>(step), form), password);
    if (same && step > last_used && !accepted) accepted = step;
  }
  return accepted;
}

crypto::Secret otpauth_uri(std::string_view issuer, std::string_view account, const crypto::Secret& seed) {
  const std::string by = percent_encoded(issuer);
  return crypto::Secret("otpauth://totp/" + by + ':' + percent_encoded(account) + "?secret=" +
                        base32_encode(seed.bytes()) + "&issuer=" + by + "&algorithm=SHA1&digits=6&period=30");
}

}  // namespace mfa
