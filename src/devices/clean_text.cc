#include "devices/clean_text.h"

#include "core/utf8.h"

namespace devices {

std::string clean_text(std::string_view bytes, size_t most) {
  std::string text;
  size_t count = 0;
  for (size_t at = 0; at < bytes.size() && count < most;) {
    const size_t start = at;
    const auto c = core::next_code_point(bytes, at);
    const bool control = c && (*c < 0x20 || (*c >= 0x7F && *c < 0xA0));
    if (!c || control || (*c == ' ' && text.empty())) continue;
    text.append(bytes, start, at - start);
    ++count;
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

}  // namespace devices
