#include "access/permission_set.h"

#include <algorithm>

namespace roles {
namespace {

void keep_sorted(std::vector<std::string>& texts) {
  std::ranges::sort(texts);
  const auto [first, last] = std::ranges::unique(texts);
  texts.erase(first, last);
}

bool holds(const std::vector<std::string>& sorted, std::string_view text) {
  return std::binary_search(sorted.begin(), sorted.end(), text, std::less<std::string_view>());
}

}  // namespace

PermissionSet::PermissionSet(std::vector<std::string> permissions) : names_(std::move(permissions)) {
  std::erase_if(names_, [](const std::string& name) { return !parse_permission(name); });
  keep_sorted(names_);
  for (const auto& name : names_) {
    const Permission permission = *parse_permission(name);
    if (permission.action == "*") any_action_of_.emplace_back(permission.resource);
    if (permission.resource == "*") any_resource_for_.emplace_back(permission.action);
    everything_ |= permission.resource == "*" && permission.action == "*";
  }
  keep_sorted(any_action_of_);
  keep_sorted(any_resource_for_);
}

bool PermissionSet::allows(std::string_view permission) const {
  if (holds(names_, permission)) return true;
  if (any_action_of_.empty() && any_resource_for_.empty()) return false;
  const auto wanted = parse_permission(permission);
  if (!wanted) return false;
  return everything_ || holds(any_action_of_, wanted->resource) || holds(any_resource_for_, wanted->action);
}

bool PermissionSet::covers(const PermissionSet& other) const {
  return std::ranges::all_of(other.names_, [&](const std::string& name) { return allows(name); });
}

}  // namespace roles
