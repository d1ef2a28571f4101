// Owns: taking lists in text apart, and escaping text for HTML.
// Does not own: characters (utf8.h), the grammars of HTTP (http/text.h).
// Thread rule: pure functions.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace core {

// Without spaces and tabs at both ends.
std::string_view trim(std::string_view text);
// The part before the next `separator`, trimmed; `rest` moves behind it. Absent when `rest` is used up: start with the
// whole text, which yields one empty part when it is empty.
std::optional<std::string_view> next_part(std::optional<std::string_view>& rest, char separator);

// `text` with the five characters of HTML that mean something replaced.
std::string escape_html(std::string_view text);

}  // namespace core
