// Owns: what a permission is, when one covers another, and which ones this release knows.
// Does not own: who holds them (role.h, access_service.h).
// Thread rule: pure functions and constants.
//
// The namespace of this folder is `roles`: a function of POSIX is called ::access.
//
// A permission is `resource:action`: each half is `*`, or 1 to 64 of a-z, 0-9, '_', '-' and '.'. `*` stands for any
// text there. Applications add permissions of their own by naming them in a role; only the server's are in the
// catalogue.
#pragma once
#include <array>
#include <optional>
#include <string_view>

namespace roles {

// Views into the text that was parsed.
struct Permission {
  std::string_view resource, action;
};

// Absent when `text` is not a permission.
std::optional<Permission> parse_permission(std::string_view text);

// Whether who holds `granted` may do `wanted`. A wildcard in `wanted` asks for all of it, so that only a wildcard
// covers it.
constexpr bool matches(const Permission& granted, const Permission& wanted) {
  return (granted.resource == "*" || granted.resource == wanted.resource) &&
         (granted.action == "*" || granted.action == wanted.action);
}

struct KnownPermission {
  std::string_view name, doc;
};
// Asked for also where no route is called.
inline constexpr std::string_view users_impersonate = "users:impersonate", users_invite = "users:invite";
// By name.
inline constexpr std::array<KnownPermission, 10> catalogue{{
    {"audit:read", "See the record of events, of any user."},
    {"roles:assign", "Give roles to users and take them away; never more than the caller holds."},
    {"roles:read", "See roles, what they allow, and the catalogue of permissions."},
    {"roles:write", "Create, change and delete roles; never beyond what the caller holds."},
    {"sessions:read", "See the sessions and devices of any user."},
    {"sessions:revoke", "Sign users out, from one device or from all."},
    {"users:impersonate", "Act in the name of users who hold no more than the caller, for a while and only to see."},
    {"users:invite", "Invite people by mail, into roles that allow no more than the caller may do."},
    {"users:read", "See and search users."},
    {"users:write", "Rename, disable, enable and delete users who hold no more than the caller."},
}};

}  // namespace roles
