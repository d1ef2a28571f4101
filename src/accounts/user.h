// Owns: who exists: profile, e-mail address, status, and the epoch that outdates what is in flight.
// Does not own: passwords' rules (passwords/), codes (verification/), roles (access/), sessions.
// Thread rule: values.
#pragma once
#include <array>

#include "core/fields.h"

namespace accounts {

using UserId = core::Id<struct UserTag>;

// A label without meaning to the server.
enum class AccountType { individual, organization };
constexpr std::array<core::Name<AccountType>, 2> names_of(AccountType) {
  return {{{AccountType::individual, "INDIVIDUAL"}, {AccountType::organization, "ORGANIZATION"}}};
}

struct User {
  UserId id;
  std::string email;      // as stored and mailed to
  std::string email_key;  // as compared (email.h)
  std::string first_name, last_name;
  AccountType account_type = AccountType::individual;
  std::string password_hash;  // what crypto/foreign_hash.h reads; empty: none, until a reset sets one
  // Rises with reset, password change, a second factor added or removed, disable, enable and sign-out-all: a sign-in
  // that began before does not complete.
  int64_t auth_epoch = 0;
  std::optional<core::Time> email_verified_at, disabled_at, deleted_at;
  core::Time created_at;
  std::optional<core::Time> delete_after = {};  // its user asked for it, and may take it back until then

  bool active() const { return !disabled_at && !deleted_at; }
  bool stays() const { return active() && !delete_after; }
};

// What DELETE leaves behind: a row that nothing personal can be read from and that no address finds.
User without_personal_fields(User user, core::Time now);

}  // namespace accounts
