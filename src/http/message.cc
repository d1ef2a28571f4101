#include "http/message.h"

#include "http/text.h"

namespace http {

std::string_view to_text(Method method) {
  static constexpr std::array<std::string_view, 9> names{"GET",    "HEAD",    "POST",  "PUT",    "PATCH",
                                                         "DELETE", "OPTIONS", "TRACE", "CONNECT"};
  return names[static_cast<size_t>(method)];
}

std::string_view Request::header(std::string_view name) const {
  const Header* found = nullptr;
  for (size_t i = 0; i < header_count; ++i) {
    if (!equal_without_case(headers[i].name, name)) continue;
    if (found) return {};
    found = &headers[i];
  }
  return found ? found->value : std::string_view{};
}

size_t Request::count(std::string_view name) const {
  size_t found = 0;
  for (size_t i = 0; i < header_count; ++i) found += equal_without_case(headers[i].name, name);
  return found;
}

}  // namespace http
