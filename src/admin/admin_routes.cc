#include "admin/admin_routes.h"

#include "accounts/user_json.h"
#include "http/page.h"
#include "sessions/session_json.h"
#include "sessions/session_routes.h"

namespace admin {
namespace {

using accounts::UserId, accounts::UserJson;
using core::Code, core::field, core::Result;
using http::Context, http::Guard, http::Method, http::NoBody;
using sessions::origin_of, sessions::SessionId;

struct UserListJson {
  std::vector<UserJson> users;
  std::optional<std::string> next_cursor;
  static constexpr std::string_view name = "UserList";
  static constexpr auto fields() {
    return std::tuple{
        field("users", &UserListJson::users, "Newest first."),
        field("nextCursor", &UserListJson::next_cursor, "Give it as `cursor` for the next page; absent on the last.")};
  }
};

struct UpdateUserRequest {
  std::optional<std::string> first_name, last_name;
  static constexpr std::string_view name = "UpdateUserRequest";
  static constexpr auto fields() {
    using core::length;
    return std::tuple{field("firstName", &UpdateUserRequest::first_name, "Unchanged when absent.", length(1, 100)),
                      field("lastName", &UpdateUserRequest::last_name, "Unchanged when absent.", length(1, 100))};
  }
};

constexpr int64_t usual_page = 50;
constexpr size_t longest_search = 100;

UserJson to_json(UserView view) { return accounts::to_json(view.user, std::move(view.roles)); }

Result<std::string> read_search(std::optional<std::string> text) {
  const std::string search = std::move(text).value_or("");
  const auto length = core::count_code_points(search);
  if (!length || search.find('\0') != std::string::npos)
    return core::fail_field("search", "invalid_character", "must be UTF-8 text");
  if (*length > longest_search) return core::fail_field("search", "too_long", "must be at most 100 characters");
  return search;
}

Result<accounts::UserFilter> read_filter(const Context& context) {
  accounts::UserFilter filter;
  filter.search = TRY(read_search(context.query_value("search")));
  filter.limit = TRY(http::page_limit(context, usual_page));
  if (const auto disabled = context.query_value("disabled")) {
    if (disabled != "true" && disabled != "false")
      return core::fail_field("disabled", "not_allowed", "must be true or false");
    filter.disabled = disabled == "true";
  }
  if (const auto cursor = context.query_value("cursor")) {
    filter.after = UserId::parse(*cursor);
    if (!filter.after) return core::fail_field("cursor", "invalid_cursor", "must be a nextCursor of an earlier answer");
  }
  return filter;
}

Result<UserListJson> list_users(Service& service, Context& context) {
  const auto filter = TRY(read_filter(context));
  auto views = TRY(service.list(filter));
  UserListJson out;
  if (std::ssize(views) == filter.limit) out.next_cursor = views.back().user.id.str();
  for (auto& view : views) out.users.push_back(to_json(std::move(view)));
  return out;
}

Result<UserJson> get_user(Service& service, Context& context) {
  const auto id = TRY(context.path_id<UserId>("id"));
  return to_json(TRY(service.get(id)));
}

Result<UserJson> update_user(Service& service, Context& context, UpdateUserRequest request) {
  const auto id = TRY(context.path_id<UserId>("id"));
  return to_json(
      TRY(service.rename(id, {std::move(request.first_name), std::move(request.last_name)}, origin_of(context))));
}

Result<NoBody> delete_user(Service& service, Context& context) {
  const auto id = TRY(context.path_id<UserId>("id"));
  TRY(service.remove(id, origin_of(context)));
  return NoBody{};
}

Result<UserJson> disable_user(Service& service, Context& context) {
  const auto id = TRY(context.path_id<UserId>("id"));
  return to_json(TRY(service.disable(id, origin_of(context))));
}

Result<UserJson> enable_user(Service& service, Context& context) {
  const auto id = TRY(context.path_id<UserId>("id"));
  return to_json(TRY(service.enable(id, origin_of(context))));
}

Result<sessions::RevokedJson> require_password_reset(Service& service, Context& context) {
  const auto id = TRY(context.path_id<UserId>("id"));
  return sessions::RevokedJson{TRY(service.require_password_reset(id, origin_of(context)))};
}

Result<sessions::SessionListJson> list_sessions(Service& service, Context& context) {
  const auto id = TRY(context.path_id<UserId>("id"));
  const auto page = TRY(sessions::read_page(context));
  const auto found = TRY(service.list_sessions(id, page));
  sessions::SessionListJson out;
  if (std::ssize(found) == page.limit) out.next_cursor = sessions::to_cursor(found.back());
  for (const auto& session : found) out.sessions.push_back(sessions::to_json(session, sessions::session_of(context)));
  return out;
}

Result<sessions::RevokedJson> end_session(Service& service, Context& context) {
  const auto id = TRY(context.path_id<UserId>("id"));
  const auto session = TRY(context.path_id<SessionId>("sessionId"));
  TRY(service.end_session(id, session, origin_of(context)));
  return sessions::RevokedJson{1};
}

Result<sessions::RevokedJson> end_sessions(Service& service, Context& context) {
  const auto id = TRY(context.path_id<UserId>("id"));
  return sessions::RevokedJson{TRY(service.end_sessions(id, origin_of(context)))};
}

constexpr http::QueryField cursor_field{"cursor", "The nextCursor of the page before."};

void add_user_routes(std::vector<http::Route>& all, Service& service) {
  constexpr auto read = Guard::permission("users:read"), write = Guard::permission("users:write").recently();
  all.push_back(
      http::route<NoBody, UserListJson>({.method = Method::get,
                                         .path = "/users",
                                         .id = "listUsers",
                                         .summary = "Users, newest first.",
                                         .guard = read,
                                         .query = {{"search", "Part of the address or the name, without case."},
                                                   {"disabled", "true or false; both when absent."},
                                                   {"limit", "1 to 100; 50 by default."},
                                                   cursor_field},
                                         .errors = {Code::validation_failed}},
                                        [&service](Context& c) { return list_users(service, c); }));
  all.push_back(http::route<NoBody, UserJson>({.method = Method::get,
                                               .path = "/users/{id}",
                                               .id = "getUser",
                                               .summary = "One user.",
                                               .guard = read,
                                               .errors = {Code::not_found}},
                                              [&service](Context& c) { return get_user(service, c); }));
  all.push_back(http::route<UpdateUserRequest, UserJson>(
      {.method = Method::patch,
       .path = "/users/{id}",
       .id = "updateUser",
       .summary = "Change a user's name.",
       .guard = write,
       .errors = {Code::not_found, Code::grant_exceeds_own}},
      [&service](Context& c, UpdateUserRequest r) { return update_user(service, c, std::move(r)); }));
  all.push_back(
      http::route<NoBody, NoBody>({.method = Method::delete_,
                                   .path = "/users/{id}",
                                   .id = "deleteUser",
                                   .summary = "Delete a user: personal fields, roles and sessions.",
                                   .guard = write,
                                   .status = 204,
                                   .errors = {Code::not_found, Code::grant_exceeds_own, Code::last_super_admin}},
                                  [&service](Context& c) { return delete_user(service, c); }));
}

void add_status_routes(std::vector<http::Route>& all, Service& service) {
  constexpr auto write = Guard::permission("users:write").recently();
  all.push_back(
      http::route<NoBody, UserJson>({.method = Method::post,
                                     .path = "/users/{id}/disable",
                                     .id = "disableUser",
                                     .summary = "Disable an account and end its sessions.",
                                     .guard = write,
                                     .errors = {Code::not_found, Code::grant_exceeds_own, Code::last_super_admin}},
                                    [&service](Context& c) { return disable_user(service, c); }));
  all.push_back(http::route<NoBody, UserJson>({.method = Method::post,
                                               .path = "/users/{id}/enable",
                                               .id = "enableUser",
                                               .summary = "Let a disabled user sign in again.",
                                               .guard = write,
                                               .errors = {Code::not_found, Code::grant_exceeds_own}},
                                              [&service](Context& c) { return enable_user(service, c); }));
  all.push_back(http::route<NoBody, sessions::RevokedJson>(
      {.method = Method::post,
       .path = "/users/{id}/require-password-reset",
       .id = "requirePasswordReset",
       .summary = "Void a user's password until he resets it by mail; ends his sessions.",
       .guard = write,
       .errors = {Code::not_found, Code::grant_exceeds_own}},
      [&service](Context& c) { return require_password_reset(service, c); }));
}

void add_session_routes(std::vector<http::Route>& all, Service& service) {
  constexpr auto read = Guard::permission("sessions:read"), revoke = Guard::permission("sessions:revoke");
  all.push_back(
      http::route<NoBody, sessions::SessionListJson>({.method = Method::get,
                                                      .path = "/users/{id}/sessions",
                                                      .id = "listUserSessions",
                                                      .summary = "The living sessions of a user.",
                                                      .guard = read,
                                                      .query = {{"limit", "1 to 100; 100 by default."}, cursor_field},
                                                      .errors = {Code::not_found, Code::validation_failed}},
                                                     [&service](Context& c) { return list_sessions(service, c); }));
  all.push_back(
      http::route<NoBody, sessions::RevokedJson>({.method = Method::delete_,
                                                  .path = "/users/{id}/sessions",
                                                  .id = "revokeUserSessions",
                                                  .summary = "Sign a user out everywhere.",
                                                  .guard = revoke,
                                                  .errors = {Code::not_found, Code::grant_exceeds_own}},
                                                 [&service](Context& c) { return end_sessions(service, c); }));
  all.push_back(http::route<NoBody, sessions::RevokedJson>({.method = Method::delete_,
                                                            .path = "/users/{id}/sessions/{sessionId}",
                                                            .id = "revokeUserSession",
                                                            .summary = "Sign a user out from one device.",
                                                            .guard = revoke,
                                                            .errors = {Code::not_found, Code::grant_exceeds_own}},
                                                           [&service](Context& c) { return end_session(service, c); }));
}

}  // namespace

std::vector<http::Route> routes(Service& service) {
  std::vector<http::Route> all;
  add_user_routes(all, service);
  add_status_routes(all, service);
  add_session_routes(all, service);
  return all;
}

}  // namespace admin
