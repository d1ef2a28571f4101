#include "mfa/base32.h"

namespace mfa {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

// 0 to 31; -1 for no digit.
int digit_of(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  const size_t at = alphabet.find(c);
  return at == alphabet.npos ? -1 : static_cast<int>(at);
}

}  // namespace

std::string base32_encode(crypto::Bytes bytes) {
  std::string out;
  uint32_t held = 0;
  int bits = 0;
  for (const uint8_t byte : bytes) {
    held = held << 8 | byte;
    for (bits += 8; bits >= 5; bits -= 5) out += alphabet[held >> (bits - 5) & 31];
  }
  if (bits > 0) out += alphabet[held << (5 - bits) & 31];
  return out;
}

std::optional<std::string> base32_decode(std::string_view text) {
  text = text.substr(0, text.find_last_not_of('=') + 1);
  std::string out;
  uint32_t held = 0;
  int bits = 0;
  for (const char c : text) {
    if (c == ' ' || c == '-') continue;
    const int digit = digit_of(c);
    if (digit < 0) return std::nullopt;
    held = (held << 5 | static_cast<uint32_t>(digit)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    out += static_cast<char>(held >> bits & 0xff);
  }
  const bool whole = bits < 5 && (held & ((1u << bits) - 1)) == 0;
  return whole ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace mfa
