// Owns: use cases of roles and their assignments, and the one answer to "what may this user do".
// Does not own: asking it at every request (sessions/ caches the answer), acting on accounts (admin/).
// Thread rule: any worker thread; methods that take a Tx only inside it.
//
// Rules, all checked in the transaction that makes the change, under one lock of the roles:
//  - nobody gives, takes, creates, changes or deletes a role that allows what he may not himself (grant_exceeds_own),
//  and
//    nobody acts on a user who may do more than he (ensure_may_act_on);
//  - a user stays who holds super_admin directly, without expiry, and can sign in (last_super_admin).
// Who acts is origin.actor. An origin without actor and without address is the command line or the server, which may
// all; without actor but with an address it may nothing.
#pragma once
#include <mutex>

#include "access/grants.h"
#include "access/role_store.h"
#include "accounts/user_store.h"
#include "audit/audit_store.h"
#include "changes/outbox.h"
#include "crypto/random.h"
#include "mail/outbox.h"

namespace roles {

struct RoleView {
  Role role;
  std::vector<std::string> effective;  // its permissions and those that it inherits
};

struct NewRole {
  std::string name, description;
  std::vector<std::string> permissions, inherits;
};

// Absent stays as it is.
struct RoleChange {
  std::optional<std::string> description;
  std::optional<std::vector<std::string>> permissions, inherits;
};

// Told in the transaction that gives a user a role or takes one from him, whose row it has locked.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual core::Result<> roles_changed(core::Tx& tx, accounts::UserId user, const audit::Origin& origin) = 0;
};

struct NewAssignment {
  std::string role;
  std::optional<core::Time> expires_at;
};

class Service {
 public:
  Service(core::Transactor& transactor, RoleStore& roles, accounts::Store& users, audit::Store& audit,
          changes::Outbox& outbox, mail::Outbox& mail, crypto::Random& random, const core::Clock& clock,
          Watcher* watcher = nullptr)
      : transactor_(transactor),
        roles_(roles),
        users_(users),
        audit_(audit),
        outbox_(outbox),
        mail_(mail),
        random_(random),
        clock_(clock),
        watcher_(watcher) {}

  // By name.
  core::Result<std::vector<RoleView>> list();
  core::Result<RoleView> get(std::string_view name);
  // role_exists; validation_failed for `name`, `permissions[i]`, `inherits[i]`.
  core::Result<RoleView> create(const NewRole& role, const audit::Origin& origin);
  // not_found, role_cycle, role_protected for super_admin.
  core::Result<RoleView> update(std::string_view name, const RoleChange& change, const audit::Origin& origin);
  // Its holders lose it, and roles that inherit it no longer do. not_found, role_protected for a seeded one.
  core::Result<> remove(std::string_view name, const audit::Origin& origin);

  // Unexpired ones, by role. not_found for a user that is not there.
  core::Result<std::vector<Assignment>> list_assignments(accounts::UserId user);
  // Replaces an assignment of the same role. validation_failed for `role` and `expiresAt`.
  core::Result<Assignment> assign(accounts::UserId user, const NewAssignment& assignment, const audit::Origin& origin);
  // not_found when the user does not hold the role.
  core::Result<> unassign(accounts::UserId user, std::string_view role, const audit::Origin& origin);

  // Which of `permissions` the user has now, in order. validation_failed for `permissions[i]`.
  core::Result<std::vector<bool>> check(accounts::UserId user, const std::vector<std::string>& permissions);

  // Of what a transaction has read of a user; absent when roles have changed since this process read them.
  std::optional<Grants> grants_if_known(const UserRoles& held);
  // Of what a transaction has read of `user`; all is read again when roles have changed since this process read them.
  core::Result<Grants> grants_of(accounts::UserId user, const UserRoles& held);

  // Steps of a caller's transaction.

  // Creates the seeded roles that are not there; leaves those that are as they are.
  core::Result<> seed(core::Tx& tx);
  // A new user's role. The user was created in the same transaction.
  core::Result<> assign_default(core::Tx& tx, accounts::UserId user);
  core::Result<Grants> grants_of(core::Tx& tx, accounts::UserId user, core::Time now);
  core::Result<Grants> grants_of(core::Tx& tx, accounts::UserId user) { return grants_of(tx, user, clock_.now()); }
  // The roles that a user holds now, and all that they inherit, sorted.
  core::Result<std::vector<std::string>> inherited_by(core::Tx& tx, accounts::UserId user);
  // grant_exceeds_own when `user` may do something that who acts may not. Always passes for oneself.
  core::Result<> ensure_may_act_on(core::Tx& tx, accounts::UserId user, const audit::Origin& origin);
  // last_super_admin when nobody would be left without `user`. Until `tx` ends nobody else can be taken away either.
  core::Result<> ensure_not_last_super_admin(core::Tx& tx, accounts::UserId user);
  // Whether who acts may give these. validation_failed for `roles[i]`, grant_exceeds_own.
  core::Result<> ensure_may_give(core::Tx& tx, const std::vector<std::string>& roles, const audit::Origin& origin);
  // To a user who has never been signed in, without telling him; the check above was made.
  core::Result<> give_first(core::Tx& tx, accounts::UserId user, const std::vector<std::string>& roles,
                            const audit::Origin& origin);
  // Takes all roles from a user who is being deleted; the checks above were made.
  core::Result<> unassign_all(core::Tx& tx, accounts::UserId user, const audit::Origin& origin);

  // Drops the roles held in memory, which are otherwise read again when the database's stamp of them is another one.
  void forget_roles();

 private:
  // The roles of one stamp, with the permission sets of the combinations that users hold.
  struct Definitions {
    std::string stamp;
    RoleGraph graph;
    std::mutex mutex;
    std::map<std::vector<std::string>, std::shared_ptr<const PermissionSet>> sets;
  };
  std::shared_ptr<Definitions> definitions_if(std::string_view stamp);
  core::Result<std::shared_ptr<Definitions>> definitions(core::Tx& tx, std::string_view stamp);
  static Grants grants_by(Definitions& definitions, const UserRoles& held, core::Time now);
  static std::shared_ptr<const PermissionSet> permissions_of(Definitions& definitions,
                                                             const std::vector<std::string>& roles);

  core::Result<RoleGraph> lock_graph(core::Tx& tx);
  core::Result<> ensure_user(core::Tx& tx, accounts::UserId user);
  core::Result<PermissionSet> permissions_of_actor(core::Tx& tx, const audit::Origin& origin);
  core::Result<> ensure_covers(core::Tx& tx, const audit::Origin& origin, const PermissionSet& permissions);
  core::Result<RoleView> save(core::Tx& tx, RoleGraph& graph, Role role, std::string_view action,
                              const audit::Origin& origin);
  // Tells the user, and whoever watches, which roles were given to him or taken from him.
  core::Result<> tell(core::Tx& tx, accounts::UserId user, const std::string& change, const audit::Origin& origin);
  core::Result<> record(core::Tx& tx, accounts::UserId user, std::string_view action, std::string detail,
                        const audit::Origin& origin);
  std::string new_stamp() { return random_.uuid7(clock_.now()).str(); }

  core::Transactor& transactor_;
  RoleStore& roles_;
  accounts::Store& users_;
  audit::Store& audit_;
  changes::Outbox& outbox_;
  mail::Outbox& mail_;
  crypto::Random& random_;
  const core::Clock& clock_;
  Watcher* const watcher_;  // may be null

  std::mutex mutex_;
  std::shared_ptr<Definitions> definitions_;  // null until asked for
};

}  // namespace roles
