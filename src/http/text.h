// Owns: the few ways in which HTTP compares and decodes text (RFC 9110 section 5.6, RFC 3986 section 2.1).
// Does not own: the grammar of messages (head.h, chunked.h).
// Thread rule: pure functions.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/text.h"

namespace http {

using core::trim, core::next_part;

// ASCII letters only; everything else must be the same byte.
inline bool equal_without_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    const auto x = static_cast<unsigned char>(a[i]), y = static_cast<unsigned char>(b[i]);
    if (x == y) continue;
    const unsigned lower = x | 0x20u;
    if (lower != (y | 0x20u) || lower < 'a' || lower > 'z') return false;
  }
  return true;
}

// Each %XX once. Absent when an escape is malformed.
std::optional<std::string> decode_percent(std::string_view text);
// As a form does: '+' is a space, and a malformed escape stands for itself.
std::string decode_query(std::string_view text);

// tchar of RFC 9110 section 5.6.2.
bool is_token_char(unsigned char c);

}  // namespace http
