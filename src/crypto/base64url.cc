#include "crypto/base64url.h"

#include <array>

namespace crypto {
namespace {

constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr char hex_digits[] = "0123456789abcdef";

template <size_t N>
constexpr std::array<int8_t, 256> values_of(const char (&characters)[N]) {
  std::array<int8_t, 256> values{};
  values.fill(-1);
  for (size_t i = 0; i + 1 < N; ++i) values[static_cast<uint8_t>(characters[i])] = static_cast<int8_t>(i);
  return values;
}

constexpr auto base64url_values = values_of(alphabet);
constexpr auto hex_values = values_of(hex_digits);

template <class Container>
std::optional<Container> decode(std::string_view text) {
  if (text.size() % 4 == 1) return std::nullopt;
  Container out(text.size() / 4 * 3 + (text.size() % 4 * 3) / 4, 0);
  size_t at = 0;
  uint32_t window = 0;
  unsigned bits = 0;
  for (char c : text) {
    const int value = base64url_values[static_cast<uint8_t>(c)];
    if (value < 0) return std::nullopt;
    window = window << 6 | static_cast<uint32_t>(value);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out[at++] = static_cast<typename Container::value_type>(window >> bits & 0xFF);
  }
  if (window & ((1u << bits) - 1)) return std::nullopt;
  return out;
}

}  // namespace

void append_base64url(std::string& out, Bytes bytes) {
  const size_t start = out.size();
  out.resize(start + (bytes.size() * 4 + 2) / 3);
  char* to = out.data() + start;
  uint32_t window = 0;
  unsigned bits = 0;
  for (uint8_t byte : bytes) {
    window = window << 8 | byte;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      *to++ = alphabet[window >> bits & 63];
    }
  }
  if (bits) *to = alphabet[window << (6 - bits) & 63];
}

std::string base64url_encode(Bytes bytes) {
  std::string out;
  append_base64url(out, bytes);
  return out;
}

std::optional<std::vector<uint8_t>> base64url_decode(std::string_view text) {
  return decode<std::vector<uint8_t>>(text);
}

std::optional<std::string> base64url_decode_text(std::string_view text) { return decode<std::string>(text); }

std::string hex_encode(Bytes bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (uint8_t byte : bytes) {
    out += hex_digits[byte >> 4];
    out += hex_digits[byte & 15];
  }
  return out;
}

std::optional<std::vector<uint8_t>> hex_decode(std::string_view text) {
  if (text.size() % 2) return std::nullopt;
  std::vector<uint8_t> out(text.size() / 2);
  for (size_t i = 0; i < text.size(); ++i) {
    const int value = hex_values[static_cast<uint8_t>(text[i])];
    if (value < 0) return std::nullopt;
    out[i / 2] = static_cast<uint8_t>(out[i / 2] << 4 | value);
  }
  return out;
}

}  // namespace crypto
