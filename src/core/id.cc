#include "core/id.h"

namespace core {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool is_dash_position(size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

}  // namespace

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid id;
  size_t nibble = 0;
  for (size_t i = 0; i < 36; ++i) {
    if (is_dash_position(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int digit = hex_digit(text[i]);
    if (digit < 0) return std::nullopt;
    id.bytes[nibble / 2] = static_cast<uint8_t>(id.bytes[nibble / 2] << 4 | digit);
    ++nibble;
  }
  return id;
}

void Uuid::append_to(std::string& out) const {
  static constexpr char digits[] = "0123456789abcdef";
  char text[36];
  size_t at = 0;
  for (uint8_t byte : bytes) {
    if (is_dash_position(at)) text[at++] = '-';
    text[at++] = digits[byte >> 4];
    text[at++] = digits[byte & 15];
  }
  out.append(text, 36);
}

std::string Uuid::str() const {
  std::string out;
  append_to(out);
  return out;
}

}  // namespace core
