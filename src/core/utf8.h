// Owns: what of UTF-8 (RFC 3629) is needed to check, count and show text.
// Thread rule: pure functions.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace core {

// The code point at `at`, which is moved behind it; absent (and `at` moved by one byte) when the bytes there are not
// UTF-8.
std::optional<char32_t> next_code_point(std::string_view text, size_t& at);
// The number of code points; absent when `text` is not UTF-8.
std::optional<size_t> count_code_points(std::string_view text);
// `text` as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace core
