// Owns: use cases that concern the account alone.
// Does not own: signing in and out (sessions/), who may act on whom (access/, admin/), passwords.
// Thread rule: any worker thread; methods that take a Tx only inside it.
#pragma once
#include "accounts/user_store.h"
#include "audit/audit_store.h"
#include "changes/outbox.h"

namespace accounts {

// What a caller wants to be called; absent stays as it is. 1 to 100 characters each, stored as sent.
struct NewNames {
  std::optional<std::string> first, last;
};

// validation_failed with field `firstName` or `lastName`.
core::Result<> check_names(const NewNames& names);

// A deleted user is not_found everywhere here.
class Service {
 public:
  Service(core::Transactor& transactor, Store& store, audit::Store& audit, changes::Outbox& outbox,
          const core::Clock& clock)
      : transactor_(transactor), store_(store), audit_(audit), outbox_(outbox), clock_(clock) {}

  core::Result<User> get(UserId id);
  // `email_key` is the address as compared (email.h).
  core::Result<std::optional<User>> find_by_email(std::string_view email_key);
  core::Result<User> rename(UserId id, const NewNames& names, const audit::Origin& origin);
  core::Result<std::vector<User>> list(const UserFilter& filter);

  // The same, and what changes the status, as steps of a caller's transaction. Each locks the user's row, raises what
  // must rise, records and announces; a step that changes nothing does none of it. They return the user as it is then.
  core::Result<User> get(core::Tx& tx, UserId id);
  core::Result<User> lock(core::Tx& tx, UserId id);  // changes nothing
  core::Result<std::vector<User>> list(core::Tx& tx, const UserFilter& filter) { return store_.list(tx, filter); }
  core::Result<User> rename(core::Tx& tx, UserId id, const NewNames& names, const audit::Origin& origin);
  core::Result<User> disable(core::Tx& tx, UserId id, const audit::Origin& origin);
  core::Result<User> enable(core::Tx& tx, UserId id, const audit::Origin& origin);
  // Sign-ins that began before do not complete. Not recorded: it goes with something that is.
  core::Result<User> outdate_sign_ins(core::Tx& tx, UserId id);
  // Leaves a row without anything personal (without_personal_fields).
  core::Result<User> remove(core::Tx& tx, UserId id, const audit::Origin& origin);

 private:
  core::Result<User> save(core::Tx& tx, User user, std::string_view action, const audit::Origin& origin,
                          std::string detail = {});
  core::Result<User> update(core::Tx& tx, User user);

  core::Transactor& transactor_;
  Store& store_;
  audit::Store& audit_;
  changes::Outbox& outbox_;
  const core::Clock& clock_;
};

}  // namespace accounts
