#include "accounts/user.h"

namespace accounts {

User without_personal_fields(User user, core::Time now) {
  user.email.clear();
  user.email_key = "deleted:" + user.id.str();  // unique, and no address: those hold an @
  user.first_name.clear();
  user.last_name.clear();
  user.password_hash.clear();
  user.email_verified_at.reset();
  user.delete_after.reset();
  user.deleted_at = now;
  ++user.auth_epoch;
  return user;
}

}  // namespace accounts
