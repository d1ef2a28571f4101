// Owns: how roles, permissions and assignments look in JSON.
// Thread rule: values.
#pragma once
#include "access/access_service.h"

namespace roles {

using core::field, core::length;

inline constexpr core::Rule role_name_length = length(1, 64);

struct PermissionJson {
  std::string name_, description;
  static constexpr std::string_view name = "Permission";
  static constexpr auto fields() {
    return std::tuple{field("name", &PermissionJson::name_, "resource:action."),
                      field("description", &PermissionJson::description, "What it allows.")};
  }
};

struct CatalogueJson {
  std::vector<PermissionJson> permissions;
  static constexpr std::string_view name = "PermissionList";
  static constexpr auto fields() {
    return std::tuple{field("permissions", &CatalogueJson::permissions, "Those that the server itself asks for.")};
  }
};

struct RoleJson {
  std::string name_, description;
  std::vector<std::string> permissions, inherits, effective;
  bool seeded = false;
  core::Time created_at;
  static constexpr std::string_view name = "Role";
  static constexpr auto fields() {
    return std::tuple{field("name", &RoleJson::name_, "Unique."),
                      field("description", &RoleJson::description, "For people."),
                      field("permissions", &RoleJson::permissions, "The role's own."),
                      field("inherits", &RoleJson::inherits, "Roles whose permissions it has too."),
                      field("effectivePermissions", &RoleJson::effective, "Its own and all inherited ones."),
                      field("seeded", &RoleJson::seeded, "Part of the system; cannot be deleted."),
                      field("createdAt", &RoleJson::created_at, "When it was made.")};
  }
};

inline RoleJson to_json(const RoleView& view) {
  const Role& role = view.role;
  return {role.name, role.description, role.permissions, role.inherits, view.effective, role.seeded, role.created_at};
}

struct RoleListJson {
  std::vector<RoleJson> roles;
  static constexpr std::string_view name = "RoleList";
  static constexpr auto fields() { return std::tuple{field("roles", &RoleListJson::roles, "By name.")}; }
};

struct CreateRoleRequest {
  std::string name_;
  std::optional<std::string> description;
  std::optional<std::vector<std::string>> permissions, inherits;
  static constexpr std::string_view name = "CreateRoleRequest";
  static constexpr auto fields() {
    return std::tuple{
        field("name", &CreateRoleRequest::name_, "a-z, 0-9, _ and -, a letter first.", role_name_length),
        field("description", &CreateRoleRequest::description, "For people.", length(0, 500)),
        field("permissions", &CreateRoleRequest::permissions, "resource:action; * in either half.", length(0, 256)),
        field("inherits", &CreateRoleRequest::inherits, "Names of roles.", length(0, 64))};
  }
};

struct UpdateRoleRequest {
  std::optional<std::string> description;
  std::optional<std::vector<std::string>> permissions, inherits;
  static constexpr std::string_view name = "UpdateRoleRequest";
  static constexpr auto fields() {
    return std::tuple{
        field("description", &UpdateRoleRequest::description, "Unchanged when absent.", length(0, 500)),
        field("permissions", &UpdateRoleRequest::permissions, "Replaces them; unchanged when absent.", length(0, 256)),
        field("inherits", &UpdateRoleRequest::inherits, "Replaces them; unchanged when absent.", length(0, 64))};
  }
};

struct AssignmentJson {
  std::string role;
  std::optional<accounts::UserId> given_by;
  core::Time given_at;
  std::optional<core::Time> expires_at;
  static constexpr std::string_view name = "RoleAssignment";
  static constexpr auto fields() {
    return std::tuple{field("role", &AssignmentJson::role, "The role's name."),
                      field("givenBy", &AssignmentJson::given_by, "Absent: the system or the command line."),
                      field("givenAt", &AssignmentJson::given_at, "When it was given."),
                      field("expiresAt", &AssignmentJson::expires_at, "Absent: never.")};
  }
};

inline AssignmentJson to_json(const Assignment& assignment) {
  return {assignment.role, assignment.given_by, assignment.given_at, assignment.expires_at};
}

struct AssignmentListJson {
  std::vector<AssignmentJson> roles;
  static constexpr std::string_view name = "RoleAssignmentList";
  static constexpr auto fields() {
    return std::tuple{field("roles", &AssignmentListJson::roles, "Those that have not expired, by name.")};
  }
};

struct AssignRequest {
  std::string role;
  std::optional<core::Time> expires_at;
  static constexpr std::string_view name = "AssignRoleRequest";
  static constexpr auto fields() {
    return std::tuple{
        field("role", &AssignRequest::role, "The role's name.", role_name_length),
        field("expiresAt", &AssignRequest::expires_at, "When the user loses it again; never when absent.")};
  }
};

struct CheckRequest {
  std::vector<std::string> permissions;
  static constexpr std::string_view name = "AccessCheckRequest";
  static constexpr auto fields() {
    return std::tuple{
        field("permissions", &CheckRequest::permissions, "What is asked for; a * asks for all of it.", length(1, 100))};
  }
};

struct CheckJson {
  std::map<std::string, bool> allowed;
  static constexpr std::string_view name = "AccessCheck";
  static constexpr auto fields() {
    return std::tuple{
        field("allowed", &CheckJson::allowed, "Each permission that was asked for, and whether the caller has it.")};
  }
};

}  // namespace roles
