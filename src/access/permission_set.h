// Owns: all that somebody may do, ready to be asked on the hot path.
// Does not own: where it comes from (role.h).
// Thread rule: immutable; any number of threads.
#pragma once
#include <string>
#include <vector>

#include "access/permission.h"

namespace roles {

class PermissionSet {
 public:
  PermissionSet() = default;
  // What is not a permission is left out.
  explicit PermissionSet(std::vector<std::string> permissions);

  // Does not allocate: at most four binary searches. False for what is not `resource:action`.
  bool allows(std::string_view permission) const;
  // Whether everything that `other` allows is allowed here.
  bool covers(const PermissionSet& other) const;
  // Sorted, each once, as granted: wildcards are not expanded.
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
  // The halves of `users:*`, `*:read`; and `*:*`.
  std::vector<std::string> any_action_of_, any_resource_for_;
  bool everything_ = false;
};

}  // namespace roles
