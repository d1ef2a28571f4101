#include "self/deletion_routes.h"

#include "crypto/settings.h"
#include "sessions/session_routes.h"

namespace self {
namespace {

using core::Code, core::field, core::length, core::Result, http::Context, http::Guard, http::Method;

struct DeleteAccountRequest {
  crypto::Secret password;
  static constexpr std::string_view name = "DeleteAccountRequest";
  static constexpr auto fields() {
    return std::tuple{field("password", &DeleteAccountRequest::password, "The account's password.", length(1, 4096))};
  }
};

struct AccountDeleted {
  std::optional<core::Time> delete_after;
  static constexpr std::string_view name = "AccountDeleted";
  static constexpr auto fields() {
    return std::tuple{field("deleteAfter", &AccountDeleted::delete_after,
                            "Until then it may be taken back; absent: the account is gone.")};
  }
};

Result<AccountDeleted> ask(Context& context, const DeleteAccountRequest& request, Deletion& deletion) {
  return AccountDeleted{TRY(deletion.ask(sessions::user_of(context), request.password, sessions::origin_of(context)))};
}

}  // namespace

std::vector<http::Route> routes(Deletion& deletion) {
  std::vector<http::Route> all;
  all.push_back(http::route<DeleteAccountRequest, AccountDeleted>(
      {.method = Method::delete_,
       .path = "/auth/me",
       .id = "deleteMe",
       .summary = "Delete the caller's account; ends its sessions.",
       .guard = Guard::session().recently(),
       .budget = http::Budget::sign_ins,
       .errors = {Code::wrong_password, Code::too_many_attempts, Code::last_super_admin, Code::conflict,
                  Code::overloaded, Code::store_unavailable}},
      [&deletion](Context& c, const DeleteAccountRequest& r) { return ask(c, r, deletion); }));
  return all;
}

}  // namespace self
