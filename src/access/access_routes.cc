#include "access/access_routes.h"

#include "access/access_json.h"

namespace roles {
namespace {

using accounts::UserId;
using core::Code, core::Result;
using http::Context, http::Guard, http::Method, http::NoBody;

audit::Origin origin_of(const Context& context) {
  return {.ip_address = std::string(context.request.client),
          .request_id = std::string(context.request.id),
          .actor = context.caller->user,
          .session = context.caller->session};
}

Result<CatalogueJson> list_permissions(Context&) {
  CatalogueJson out;
  for (const auto& known : catalogue) out.permissions.push_back({std::string(known.name), std::string(known.doc)});
  return out;
}

Result<RoleListJson> list_roles(Service& service) {
  RoleListJson out;
  for (const auto& view : TRY(service.list())) out.roles.push_back(to_json(view));
  return out;
}

Result<RoleJson> create_role(Service& service, Context& context, CreateRoleRequest request) {
  return to_json(TRY(service.create({.name = std::move(request.name_),
                                     .description = request.description.value_or(""),
                                     .permissions = std::move(request.permissions).value_or(std::vector<std::string>()),
                                     .inherits = std::move(request.inherits).value_or(std::vector<std::string>())},
                                    origin_of(context))));
}

Result<RoleJson> update_role(Service& service, Context& context, UpdateRoleRequest request) {
  const RoleChange change{std::move(request.description), std::move(request.permissions), std::move(request.inherits)};
  return to_json(TRY(service.update(context.path_value("name"), change, origin_of(context))));
}

Result<NoBody> delete_role(Service& service, Context& context) {
  TRY(service.remove(context.path_value("name"), origin_of(context)));
  return NoBody{};
}

Result<AssignmentListJson> list_user_roles(Service& service, Context& context) {
  const auto user = TRY(context.path_id<UserId>("id"));
  AssignmentListJson out;
  for (const auto& assignment : TRY(service.list_assignments(user))) out.roles.push_back(to_json(assignment));
  return out;
}

Result<AssignmentJson> assign(Service& service, Context& context, AssignRequest request) {
  const auto user = TRY(context.path_id<UserId>("id"));
  return to_json(TRY(service.assign(user, {std::move(request.role), request.expires_at}, origin_of(context))));
}

Result<NoBody> unassign(Service& service, Context& context) {
  const auto user = TRY(context.path_id<UserId>("id"));
  TRY(service.unassign(user, context.path_value("name"), origin_of(context)));
  return NoBody{};
}

Result<CheckJson> check(Service& service, Context& context, const CheckRequest& request) {
  const auto allowed = TRY(service.check(UserId{context.caller->user}, request.permissions));
  CheckJson out;
  for (size_t i = 0; i < allowed.size(); ++i) out.allowed[request.permissions[i]] = allowed[i];
  return out;
}

void add_role_routes(std::vector<http::Route>& all, Service& service) {
  constexpr auto read = Guard::permission("roles:read"), write = Guard::permission("roles:write").recently();
  all.push_back(http::route<NoBody, CatalogueJson>({.method = Method::get,
                                                    .path = "/permissions",
                                                    .id = "listPermissions",
                                                    .summary = "The permissions that the server knows.",
                                                    .guard = read},
                                                   list_permissions));
  all.push_back(http::route<NoBody, RoleListJson>(
      {.method = Method::get, .path = "/roles", .id = "listRoles", .summary = "All roles.", .guard = read},
      [&service](Context&) { return list_roles(service); }));
  all.push_back(http::route<CreateRoleRequest, RoleJson>(
      {.method = Method::post,
       .path = "/roles",
       .id = "createRole",
       .summary = "Make a role that allows no more than the caller may.",
       .guard = write,
       .status = 201,
       .errors = {Code::role_exists, Code::grant_exceeds_own}},
      [&service](Context& c, CreateRoleRequest r) { return create_role(service, c, std::move(r)); }));
  all.push_back(http::route<NoBody, RoleJson>(
      {.method = Method::get,
       .path = "/roles/{name}",
       .id = "getRole",
       .summary = "One role.",
       .guard = read,
       .errors = {Code::not_found}},
      [&service](Context& c) -> Result<RoleJson> { return to_json(TRY(service.get(c.path_value("name")))); }));
  all.push_back(http::route<UpdateRoleRequest, RoleJson>(
      {.method = Method::patch,
       .path = "/roles/{name}",
       .id = "updateRole",
       .summary = "Change a role that allows, before and after, no more than the caller may.",
       .guard = write,
       .errors = {Code::not_found, Code::role_cycle, Code::role_protected, Code::grant_exceeds_own}},
      [&service](Context& c, UpdateRoleRequest r) { return update_role(service, c, std::move(r)); }));
  all.push_back(
      http::route<NoBody, NoBody>({.method = Method::delete_,
                                   .path = "/roles/{name}",
                                   .id = "deleteRole",
                                   .summary = "Delete a role; its holders lose it.",
                                   .guard = write,
                                   .status = 204,
                                   .errors = {Code::not_found, Code::role_protected, Code::grant_exceeds_own}},
                                  [&service](Context& c) { return delete_role(service, c); }));
}

void add_assignment_routes(std::vector<http::Route>& all, Service& service) {
  constexpr auto guard = Guard::permission("roles:assign");
  all.push_back(
      http::route<NoBody, AssignmentListJson>({.method = Method::get,
                                               .path = "/users/{id}/roles",
                                               .id = "listUserRoles",
                                               .summary = "The roles that a user holds.",
                                               .guard = guard,
                                               .errors = {Code::not_found}},
                                              [&service](Context& c) { return list_user_roles(service, c); }));
  all.push_back(http::route<AssignRequest, AssignmentJson>(
      {.method = Method::post,
       .path = "/users/{id}/roles",
       .id = "assignRole",
       .summary = "Give a user a role that allows no more than the caller may.",
       .guard = guard.recently(),
       .status = 201,
       .errors = {Code::not_found, Code::grant_exceeds_own, Code::last_super_admin}},
      [&service](Context& c, AssignRequest r) { return assign(service, c, std::move(r)); }));
  all.push_back(
      http::route<NoBody, NoBody>({.method = Method::delete_,
                                   .path = "/users/{id}/roles/{name}",
                                   .id = "unassignRole",
                                   .summary = "Take a role away from a user.",
                                   .guard = guard.recently(),
                                   .status = 204,
                                   .errors = {Code::not_found, Code::grant_exceeds_own, Code::last_super_admin}},
                                  [&service](Context& c) { return unassign(service, c); }));
}

}  // namespace

std::vector<http::Route> routes(Service& service) {
  std::vector<http::Route> all;
  add_role_routes(all, service);
  add_assignment_routes(all, service);
  all.push_back(http::route<CheckRequest, CheckJson>(
      {.method = Method::post,
       .path = "/access/check",
       .id = "checkAccess",
       .summary = "Which of these permissions the caller has.",
       .guard = Guard::session().impersonated()},
      [&service](Context& c, const CheckRequest& r) { return check(service, c, r); }));
  return all;
}

}  // namespace roles
