#include "access/permission.h"

#include <algorithm>

namespace roles {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.'; }

bool is_half(std::string_view text) {
  return text == "*" || (!text.empty() && text.size() <= 64 && std::ranges::all_of(text, is_letter));
}

}  // namespace

std::optional<Permission> parse_permission(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const Permission permission{text.substr(0, colon), text.substr(colon + 1)};
  if (!is_half(permission.resource) || !is_half(permission.action)) return std::nullopt;
  return permission;
}

}  // namespace roles
