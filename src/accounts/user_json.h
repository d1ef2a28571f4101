// Owns: how a user is shown, to himself and to administrators.
// Does not own: which roles he holds (access/): they are passed in.
// Thread rule: values.
#pragma once
#include "accounts/user.h"

namespace accounts {

// Names each field that may be seen: a new column of users stays hidden until it is listed here.
struct UserJson {
  UserId id;
  std::string email, first_name, last_name;
  AccountType account_type = AccountType::individual;
  bool email_verified = false;
  std::vector<std::string> roles;
  core::Time created_at;
  std::optional<core::Time> disabled_at;

  static constexpr std::string_view name = "User";
  static constexpr auto fields() {
    using core::field;
    return std::tuple{
        field("id", &UserJson::id, "The user's id."),
        field("email", &UserJson::email, "The address as it was given."),
        field("firstName", &UserJson::first_name, "As sent."),
        field("lastName", &UserJson::last_name, "As sent."),
        field("accountType", &UserJson::account_type, "A label without meaning to the server."),
        field("emailVerified", &UserJson::email_verified, "The address was proven to be the user's."),
        field("roles", &UserJson::roles, "Roles held directly, by name."),
        field("createdAt", &UserJson::created_at, "When the account was made."),
        field("disabledAt", &UserJson::disabled_at, "Since when the account is disabled; absent while it is not.")};
  }
};

inline UserJson to_json(const User& user, std::vector<std::string> roles) {
  return {.id = user.id,
          .email = user.email,
          .first_name = user.first_name,
          .last_name = user.last_name,
          .account_type = user.account_type,
          .email_verified = user.email_verified_at.has_value(),
          .roles = std::move(roles),
          .created_at = user.created_at,
          .disabled_at = user.disabled_at};
}

}  // namespace accounts
