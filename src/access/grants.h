// Owns: the answer to "what may this user do" at one moment.
// Does not own: how it is found (access_service.h).
// Thread rule: values.
#pragma once
#include <memory>
#include <optional>

#include "access/permission_set.h"
#include "core/clock.h"

namespace roles {

struct Grants {
  std::vector<std::string> roles;                    // held directly and unexpired, sorted
  std::shared_ptr<const PermissionSet> permissions;  // never null once asked for; shared by users of the same roles
  std::optional<core::Time> valid_until;             // the earliest expiry among `roles`: ask again then
};

// "admin,user", as X-Usher-Roles shows them.
inline std::string join(const std::vector<std::string>& roles) {
  std::string out;
  for (const auto& role : roles) out += (out.empty() ? "" : ",") + role;
  return out;
}

}  // namespace roles
