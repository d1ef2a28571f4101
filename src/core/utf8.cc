#include "core/utf8.h"

#include <cstdio>

namespace core {
namespace {

struct Lead {
  int trailing;
  char32_t bits, least;
};

// `trailing` is negative for a byte that starts nothing.
Lead lead(uint8_t byte) {
  if (byte < 0x80) return {0, byte, 0};
  if (byte >= 0xC2 && byte < 0xE0) return {1, byte & 0x1Fu, 0x80};
  if (byte >= 0xE0 && byte < 0xF0) return {2, byte & 0x0Fu, 0x800};
  if (byte >= 0xF0 && byte < 0xF5) return {3, byte & 0x07u, 0x10000};
  return {-1, 0, 0};
}

void append_escaped(std::string& out, char32_t c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  char text[8];
  out.append(text, static_cast<size_t>(std::snprintf(text, sizeof text, "\\u%04x", static_cast<unsigned>(c))));
}

// Terminals and browsers act on these although JSON allows them.
bool needs_escape(char32_t c) {
  return c < 0x20 || c == '"' || c == '\\' || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029;
}

// The end of the run of bytes from `at` on that stand for themselves.
size_t plain_until(std::string_view text, size_t at) {
  while (at < text.size() && text[at] >= 0x20 && text[at] < 0x7F && text[at] != '"' && text[at] != '\\') ++at;
  return at;
}

}  // namespace

std::optional<char32_t> next_code_point(std::string_view text, size_t& at) {
  const auto [trailing, bits, least] = lead(static_cast<uint8_t>(text[at]));
  if (trailing < 0 || at + static_cast<size_t>(trailing) >= text.size()) {
    ++at;
    return std::nullopt;
  }
  char32_t c = bits;
  for (int i = 1; i <= trailing; ++i) {
    const auto byte = static_cast<uint8_t>(text[at + static_cast<size_t>(i)]);
    if ((byte & 0xC0) != 0x80) {
      ++at;
      return std::nullopt;
    }
    c = c << 6 | (byte & 0x3F);
  }
  const bool valid = c >= least && c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
  at += valid ? static_cast<size_t>(trailing) + 1 : 1;
  return valid ? std::optional(c) : std::nullopt;
}

std::optional<size_t> count_code_points(std::string_view text) {
  size_t count = 0;
  for (size_t at = 0; at < text.size(); ++count)
    if (!next_code_point(text, at)) return std::nullopt;
  return count;
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (size_t at = 0; at < text.size();) {
    const size_t plain = plain_until(text, at);
    out.append(text, at, plain - at);
    at = plain;
    if (at == text.size()) break;
    const size_t start = at;
    const auto c = next_code_point(text, at);
    if (!c) out += "\xEF\xBF\xBD";
    else if (needs_escape(*c)) append_escaped(out, *c);
    else out.append(text, start, at - start);
  }
  out += '"';
}

}  // namespace core
