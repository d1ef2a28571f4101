#include "invitations/invitation_routes.h"

#include "http/page.h"
#include "sessions/session_routes.h"

namespace invitations {
namespace {

using core::Code, core::field, core::length, core::Result, http::Context, http::Guard, http::Method, http::NoBody;
using sessions::origin_of;

struct InviteRequest {
  std::string email;
  std::optional<std::vector<std::string>> roles;
  std::optional<std::string> first_name, last_name;
  static constexpr std::string_view name = "InviteRequest";
  static constexpr auto fields() {
    return std::tuple{
        field("email", &InviteRequest::email, "Who is invited.", length(1, 320)),
        field("roles", &InviteRequest::roles, "Besides the one that everybody has.", length(0, 20)),
        field("firstName", &InviteRequest::first_name, "Unless who accepts says another.", length(1, 100)),
        field("lastName", &InviteRequest::last_name, "The same.", length(1, 100))};
  }
};

struct InvitationJson {
  InvitationId id;
  std::string email;
  std::vector<std::string> roles;
  accounts::UserId invited_by;
  core::Time created_at, expires_at;
  static constexpr std::string_view name = "Invitation";
  static constexpr auto fields() {
    return std::tuple{field("id", &InvitationJson::id, "Names it; opens nothing."),
                      field("email", &InvitationJson::email, "Who is invited."),
                      field("roles", &InvitationJson::roles, "That he will have, besides the one of everybody."),
                      field("invitedBy", &InvitationJson::invited_by, "A user's id."),
                      field("createdAt", &InvitationJson::created_at, "When it was mailed."),
                      field("expiresAt", &InvitationJson::expires_at, "Until when it can be accepted.")};
  }
};

struct InvitationListJson {
  std::vector<InvitationJson> invitations;
  std::optional<std::string> next_cursor;
  static constexpr std::string_view name = "InvitationList";
  static constexpr auto fields() {
    return std::tuple{field("invitations", &InvitationListJson::invitations, "Those that wait, the newest first."),
                      field("nextCursor", &InvitationListJson::next_cursor,
                            "Give it as `cursor` for the next page; absent on the last.")};
  }
};

InvitationJson to_json(const Invitation& one) {
  return {one.id, one.email, one.roles, one.invited_by, one.created_at, one.expires_at};
}

Result<InvitationJson> invite(Context& context, InviteRequest request, Service& service) {
  return to_json(TRY(service.send({.email = std::move(request.email),
                                   .roles = std::move(request.roles).value_or(std::vector<std::string>{}),
                                   .first_name = std::move(request.first_name).value_or(""),
                                   .last_name = std::move(request.last_name).value_or("")},
                                  origin_of(context))));
}

Result<InvitationListJson> list(const Context& context, Service& service) {
  Page page{.limit = TRY(http::page_limit(context))};
  const auto cursor = context.query_value("cursor");
  if (cursor && !(page.after = InvitationId::parse(*cursor)))
    return core::fail_field("cursor", "invalid_cursor", "must be a nextCursor of an earlier answer");
  InvitationListJson out;
  for (const auto& one : TRY(service.list(page))) out.invitations.push_back(to_json(one));
  if (std::ssize(out.invitations) == page.limit) out.next_cursor = out.invitations.back().id.str();
  return out;
}

Result<NoBody> withdraw(const Context& context, Service& service) {
  TRY(service.withdraw(TRY(context.path_id<InvitationId>("id")), origin_of(context)));
  return NoBody{};
}

}  // namespace

std::vector<http::Route> routes(Service& service) {
  const auto guard = Guard::permission(roles::users_invite);
  std::vector<http::Route> all;
  all.push_back(http::route<InviteRequest, InvitationJson>(
      {.method = Method::post,
       .path = "/invitations",
       .id = "invite",
       .summary = "Invite somebody by mail.",
       .guard = guard.recently(),
       .status = 201,
       .budget = http::Budget::mails,
       .errors = {Code::email_taken, Code::grant_exceeds_own, Code::store_unavailable}},
      [&service](Context& c, InviteRequest r) { return invite(c, std::move(r), service); }));
  all.push_back(http::route<NoBody, InvitationListJson>(
      {.method = Method::get,
       .path = "/invitations",
       .id = "listInvitations",
       .summary = "Invitations that can be accepted, the newest first.",
       .guard = guard,
       .query = {{"limit", "1 to 100; 100 by default."}, {"cursor", "The nextCursor of the page before."}},
       .errors = {Code::validation_failed}},
      [&service](Context& c) { return list(c, service); }));
  all.push_back(http::route<NoBody, NoBody>({.method = Method::delete_,
                                             .path = "/invitations/{id}",
                                             .id = "withdrawInvitation",
                                             .summary = "Withdraw an invitation.",
                                             .guard = guard,
                                             .status = 204,
                                             .errors = {Code::not_found}},
                                            [&service](Context& c) { return withdraw(c, service); }));
  return all;
}

}  // namespace invitations
