// The part of access_service.h that concerns users: who holds which role, and what follows from it.
#include <algorithm>

#include "access/access_service.h"
#include "mail/templates.h"

namespace roles {
namespace {

bool from_command_line(const audit::Origin& origin) { return !origin.actor && origin.ip_address.empty(); }

bool lasting(const Assignment& assignment, std::string_view role) {
  return assignment.role == role && !assignment.expires_at;
}

// The detail of an event, as docs/OPERATIONS.md has it. One that has expired is not replaced.
std::string described(const Assignment& made, const std::vector<Assignment>& held) {
  const auto until = [](const Assignment& one, std::string_view lasting) {
    return one.expires_at ? " until " + core::iso8601(*one.expires_at) : std::string(lasting);
  };
  const auto before = std::ranges::find(held, made.role, &Assignment::role);
  const bool replaced = before != held.end() && before->current(made.given_at);
  return made.role + until(made, "") + (replaced ? " instead of" + until(*before, " without end") : "");
}

}  // namespace

core::Result<std::vector<Assignment>> Service::list_assignments(accounts::UserId user) {
  return transactor_.reading([&](core::Tx& tx) -> core::Result<std::vector<Assignment>> {
    const auto found = TRY(users_.find(tx, user));
    if (!found || found->deleted_at) return core::fail(core::Code::not_found);
    auto assignments = TRY(roles_.list_assignments(tx, user)).assignments;
    std::erase_if(assignments, [now = clock_.now()](const Assignment& a) { return !a.current(now); });
    return assignments;
  });
}

core::Result<Assignment> Service::assign(accounts::UserId user, const NewAssignment& wanted,
                                         const audit::Origin& origin) {
  return transactor_.atomically([&](core::Tx& tx) -> core::Result<Assignment> {
    const core::Time now = clock_.now();
    const auto graph = TRY(lock_graph(tx));
    TRY(ensure_user(tx, user));
    if (!graph.find(wanted.role)) return core::fail_field("role", "unknown_role", "must be a role that exists");
    if (wanted.expires_at && *wanted.expires_at <= now)
      return core::fail_field("expiresAt", "in_the_past", "must be in the future");
    TRY(ensure_covers(tx, origin, graph.permissions(wanted.role)));
    TRY(ensure_may_act_on(tx, user, origin));
    if (wanted.role == super_admin && wanted.expires_at) TRY(ensure_not_last_super_admin(tx, user));
    Assignment made{.user = user, .role = wanted.role, .given_at = now, .expires_at = wanted.expires_at};
    if (origin.actor) made.given_by = accounts::UserId{*origin.actor};
    auto detail = described(made, TRY(roles_.list_assignments(tx, user)).assignments);
    TRY(roles_.assign(tx, made));
    TRY(tell(tx, user, "Given: " + made.role, origin));
    TRY(record(tx, user, "role.assigned", std::move(detail), origin));
    return made;
  });
}

core::Result<> Service::unassign(accounts::UserId user, std::string_view role, const audit::Origin& origin) {
  return transactor_.atomically([&](core::Tx& tx) -> core::Result<> {
    const auto graph = TRY(lock_graph(tx));
    TRY(ensure_user(tx, user));
    const auto held = TRY(roles_.list_assignments(tx, user)).assignments;
    if (std::ranges::find(held, role, &Assignment::role) == held.end()) return core::fail(core::Code::not_found);
    TRY(ensure_covers(tx, origin, graph.permissions(role)));
    TRY(ensure_may_act_on(tx, user, origin));
    if (role == super_admin) TRY(ensure_not_last_super_admin(tx, user));
    TRY(roles_.unassign(tx, user, role));
    TRY(tell(tx, user, "Taken away: " + std::string(role), origin));
    return record(tx, user, "role.unassigned", std::string(role), origin);
  });
}

core::Result<> Service::unassign_all(core::Tx& tx, accounts::UserId user, const audit::Origin& origin) {
  const auto held = TRY(roles_.list_assignments(tx, user)).assignments;
  for (const auto& assignment : held) {
    TRY(roles_.unassign(tx, user, assignment.role));
    TRY(record(tx, user, "role.unassigned", assignment.role, origin));
  }
  return {};
}

core::Result<> Service::ensure_may_give(core::Tx& tx, const std::vector<std::string>& roles,
                                        const audit::Origin& origin) {
  const auto graph = TRY(lock_graph(tx));
  for (size_t i = 0; i < roles.size(); ++i) {
    if (!graph.find(roles[i]))
      return core::fail_field("roles[" + std::to_string(i) + ']', "unknown_role", "must be a role that exists");
    TRY(ensure_covers(tx, origin, graph.permissions(roles[i])));
  }
  return {};
}

core::Result<> Service::give_first(core::Tx& tx, accounts::UserId user, const std::vector<std::string>& roles,
                                   const audit::Origin& origin) {
  for (const auto& role : roles) {
    Assignment made{.user = user, .role = role, .given_at = clock_.now()};
    if (origin.actor) made.given_by = accounts::UserId{*origin.actor};
    TRY(roles_.assign(tx, made));
    TRY(record(tx, user, "role.assigned", role, origin));
  }
  return {};
}

core::Result<> Service::assign_default(core::Tx& tx, accounts::UserId user) {
  return roles_.assign(tx, {.user = user, .role = std::string(default_role), .given_at = clock_.now()});
}

core::Result<std::vector<bool>> Service::check(accounts::UserId user, const std::vector<std::string>& permissions) {
  for (size_t i = 0; i < permissions.size(); ++i)
    if (!parse_permission(permissions[i]))
      return core::fail_field("permissions[" + std::to_string(i) + ']', "invalid_permission",
                              "must be resource:action");
  const auto grants = TRY(transactor_.reading([&](core::Tx& tx) { return grants_of(tx, user, clock_.now()); }));
  std::vector<bool> allowed;
  for (const auto& permission : permissions) allowed.push_back(grants.permissions->allows(permission));
  return allowed;
}

core::Result<Grants> Service::grants_of(core::Tx& tx, accounts::UserId user, core::Time now) {
  const auto held = TRY(roles_.list_assignments(tx, user));
  return grants_by(*TRY(definitions(tx, held.stamp)), held, now);
}

core::Result<std::vector<std::string>> Service::inherited_by(core::Tx& tx, accounts::UserId user) {
  const auto held = TRY(roles_.list_assignments(tx, user));
  const auto known = TRY(definitions(tx, held.stamp));
  const auto all = known->graph.inherited(grants_by(*known, held, clock_.now()).roles);
  return std::vector<std::string>(all.begin(), all.end());
}

// Assignments of one moment and roles of another could allow what was never allowed.
std::optional<Grants> Service::grants_if_known(const UserRoles& held) {
  if (const auto known = definitions_if(held.stamp)) return grants_by(*known, held, clock_.now());
  return std::nullopt;
}

core::Result<Grants> Service::grants_of(accounts::UserId user, const UserRoles& held) {
  if (auto known = grants_if_known(held)) return *std::move(known);
  return transactor_.reading([&](core::Tx& tx) { return grants_of(tx, user, clock_.now()); });
}

Grants Service::grants_by(Definitions& known, const UserRoles& held, core::Time now) {
  Grants grants;
  for (const auto& assignment : held.assignments) {
    if (!assignment.current(now) || !known.graph.find(assignment.role)) continue;
    grants.roles.push_back(assignment.role);
    if (assignment.expires_at)
      grants.valid_until = std::min(grants.valid_until.value_or(*assignment.expires_at), *assignment.expires_at);
  }
  grants.permissions = permissions_of(known, grants.roles);
  return grants;
}

core::Result<> Service::ensure_may_act_on(core::Tx& tx, accounts::UserId user, const audit::Origin& origin) {
  if (origin.actor == user.value) return {};
  const auto grants = TRY(grants_of(tx, user, clock_.now()));
  return ensure_covers(tx, origin, *grants.permissions);
}

core::Result<> Service::ensure_not_last_super_admin(core::Tx& tx, accounts::UserId user) {
  TRY(roles_.lock(tx));
  const auto held = TRY(roles_.list_assignments(tx, user)).assignments;
  const auto found = TRY(users_.find(tx, user));
  const bool keeps =
      found && found->stays() && std::ranges::any_of(held, [](const Assignment& a) { return lasting(a, super_admin); });
  if (!keeps || TRY(roles_.count_lasting_holders(tx, super_admin, user)) > 0) return {};
  return core::fail(core::Code::last_super_admin);
}

core::Result<> Service::ensure_user(core::Tx& tx, accounts::UserId user) {
  const auto found = TRY(users_.lock(tx, user));
  if (!found || found->deleted_at) return core::fail(core::Code::not_found);
  return {};
}

core::Result<PermissionSet> Service::permissions_of_actor(core::Tx& tx, const audit::Origin& origin) {
  if (from_command_line(origin)) return PermissionSet({"*:*"});
  if (!origin.actor) return core::fail(core::Code::permission_denied);
  const accounts::UserId actor{*origin.actor};
  // He passed the guard, but may have been disabled since.
  const auto found = TRY(users_.find(tx, actor));
  if (!found || !found->active()) return core::fail(core::Code::permission_denied);
  const auto grants = TRY(grants_of(tx, actor, clock_.now()));
  return *grants.permissions;
}

core::Result<> Service::ensure_covers(core::Tx& tx, const audit::Origin& origin, const PermissionSet& permissions) {
  if (TRY(permissions_of_actor(tx, origin)).covers(permissions)) return {};
  return core::fail(core::Code::grant_exceeds_own);
}

core::Result<> Service::tell(core::Tx& tx, accounts::UserId user, const std::string& change,
                             const audit::Origin& origin) {
  if (watcher_) TRY(watcher_->roles_changed(tx, user, origin));
  const auto found = TRY(users_.find(tx, user));
  if (!found || !found->active()) return {};
  const core::Time now = clock_.now();
  return mail_.enqueue(tx, mail::roles_changed(mail_.letterhead(), found->email, change, now),
                       now + std::chrono::days(1));
}

core::Result<> Service::record(core::Tx& tx, accounts::UserId user, std::string_view action, std::string detail,
                               const audit::Origin& origin) {
  TRY(audit_.append(tx, {.action = std::string(action), .subject = user.value, .detail = std::move(detail)}, origin));
  return outbox_.announce(tx, {changes::Kind::user, user.value});
}

}  // namespace roles
