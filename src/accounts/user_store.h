// Owns: rows of users.
// Does not own: their rules.
// Thread rule: any worker thread.
#pragma once
#include "accounts/user.h"
#include "core/unit_of_work.h"

namespace accounts {

// Newest first; `after` is the last user of the page before. Nothing comes after an unknown one.
struct UserFilter {
  std::string search = {};  // part of the address or of "first last", without case
  std::optional<bool> disabled = {};
  std::optional<UserId> after = {};
  int64_t limit = 50;
};

class Store {
 public:
  virtual ~Store() = default;
  // False when the e-mail key is taken.
  virtual core::Result<bool> create(core::Tx& tx, const User& user) = 0;
  virtual core::Result<std::optional<User>> find(core::Tx& tx, UserId id) = 0;
  virtual core::Result<std::optional<User>> find_by_email(core::Tx& tx, std::string_view email_key) = 0;
  // As find, and nobody else changes or locks the row until the end of `tx`.
  virtual core::Result<std::optional<User>> lock(core::Tx& tx, UserId id) = 0;
  // Writes all but id and created_at of a locked user. False when the e-mail key is taken by another, or nobody has the
  // id; conflict when another transaction takes the key at the same moment.
  virtual core::Result<bool> update(core::Tx& tx, const User& user) = 0;
  // Deleted users are not listed.
  virtual core::Result<std::vector<User>> list(core::Tx& tx, const UserFilter& filter) = 0;
};

}  // namespace accounts
