// Owns: what a user may do at one moment.
// Does not own: how it is worked out (access_service.h).
// Thread rule: values.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/permission.h"
#include "core/clock.h"

namespace access {

struct Grants {
  std::vector<std::string> roles;                    // held directly and not expired, in order of name
  std::shared_ptr<const PermissionSet> permissions;  // of these roles and all that they inherit
  std::optional<core::Time> valid_until;             // the earliest expiry among the assignments
};

}  // namespace access
