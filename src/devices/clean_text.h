// Owns: making bytes from outside fit to be stored: valid UTF-8 without control characters, of bounded length.
// Does not own: escaping for HTML, logs or mails (whoever shows it).
// Thread rule: pure functions.
#pragma once
#include <string>
#include <string_view>

namespace devices {

// `bytes` with every byte that is not part of a well-formed UTF-8 sequence (RFC 3629) and every control character
// (C0, DEL, C1) dropped, spaces trimmed at both ends, cut after `most` characters.
std::string clean_text(std::string_view bytes, size_t most);

}  // namespace devices
