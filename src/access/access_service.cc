#include "access/access_service.h"

#include <algorithm>

namespace roles {
namespace {

constexpr core::Rule description_length = core::length(0, 500);
constexpr size_t most_permissions = 256, most_inherits = 64, most_sets = 1024;

std::string item(std::string_view list, size_t index) { return std::string(list) + '[' + std::to_string(index) + ']'; }

void keep_sorted(std::vector<std::string>& texts) {
  std::ranges::sort(texts);
  const auto [first, last] = std::ranges::unique(texts);
  texts.erase(first, last);
}

void check_permissions(core::Decoder& decoder, const std::vector<std::string>& permissions) {
  for (size_t i = 0; i < permissions.size(); ++i) {
    decoder.path = item("permissions", i);
    if (!parse_permission(permissions[i]))
      decoder.refuse("invalid_permission", "must be resource:action, in lower case");
  }
  decoder.path = "permissions";
  if (permissions.size() > most_permissions)
    decoder.refuse("too_many", "must hold at most " + std::to_string(most_permissions));
}

void check_inherits(core::Decoder& decoder, const RoleGraph& graph, const std::vector<std::string>& inherits) {
  for (size_t i = 0; i < inherits.size(); ++i) {
    decoder.path = item("inherits", i);
    if (!graph.find(inherits[i])) decoder.refuse("unknown_role", "must be a role that exists");
  }
  decoder.path = "inherits";
  if (inherits.size() > most_inherits) decoder.refuse("too_many", "must hold at most " + std::to_string(most_inherits));
}

// What a role may look like, whoever makes it; `role` is not part of `graph` yet.
core::Result<> check_role(const RoleGraph& graph, const Role& role) {
  core::Decoder decoder;
  decoder.path = "name";
  if (!is_role_name(role.name)) decoder.refuse("invalid_name", "must be 1 to 64 of a-z, 0-9, _ and -, a letter first");
  decoder.path = "description";
  core::check_length(decoder, role.description, description_length);
  check_permissions(decoder, role.permissions);
  check_inherits(decoder, graph, role.inherits);
  if (!decoder.errors.empty()) return std::unexpected(core::field_errors(std::move(decoder)));
  if (graph.would_cycle(role.name, role.inherits)) return core::fail(core::Code::role_cycle);
  return {};
}

RoleView view(const RoleGraph& graph, const Role& role) { return {role, graph.permissions(role.name).names()}; }

void append_missing(std::string& text, std::string_view sign, const std::vector<std::string>& names,
                    const std::vector<std::string>& others) {
  for (const auto& name : names)
    if (std::ranges::find(others, name) == others.end()) text.append(sign).append(name);
}

// The detail of an event, as docs/OPERATIONS.md has it. Only permissions hold a colon, so that nothing else need tell
// them from roles.
std::string described(const Role& before, const Role& after) {
  std::string text = after.name;
  append_missing(text, " +", after.permissions, before.permissions);
  append_missing(text, " -", before.permissions, after.permissions);
  append_missing(text, " +", after.inherits, before.inherits);
  append_missing(text, " -", before.inherits, after.inherits);
  if (before.description != after.description) text += " description";
  return text;
}

}  // namespace

core::Result<std::vector<RoleView>> Service::list() {
  return transactor_.reading([&](core::Tx& tx) -> core::Result<std::vector<RoleView>> {
    const RoleGraph graph(TRY(roles_.list(tx)).roles);
    std::vector<RoleView> views;
    for (const auto& [name, role] : graph.roles()) views.push_back(view(graph, role));
    return views;
  });
}

core::Result<RoleView> Service::get(std::string_view name) {
  return transactor_.reading([&](core::Tx& tx) -> core::Result<RoleView> {
    const RoleGraph graph(TRY(roles_.list(tx)).roles);
    const Role* role = graph.find(name);
    if (!role) return core::fail(core::Code::not_found);
    return view(graph, *role);
  });
}

core::Result<RoleView> Service::create(const NewRole& wanted, const audit::Origin& origin) {
  return transactor_.atomically([&](core::Tx& tx) -> core::Result<RoleView> {
    auto graph = TRY(lock_graph(tx));
    if (graph.find(wanted.name)) return core::fail(core::Code::role_exists);
    Role role{wanted.name, wanted.description, wanted.permissions, wanted.inherits, false, clock_.now()};
    return save(tx, graph, std::move(role), "role.created", origin);
  });
}

core::Result<RoleView> Service::update(std::string_view name, const RoleChange& change, const audit::Origin& origin) {
  return transactor_.atomically([&](core::Tx& tx) -> core::Result<RoleView> {
    auto graph = TRY(lock_graph(tx));
    const Role* current = graph.find(name);
    if (!current) return core::fail(core::Code::not_found);
    if (name == super_admin) return core::fail(core::Code::role_protected, "super_admin cannot be changed");
    // Narrowing a role is also beyond him who does not hold all of it.
    TRY(ensure_covers(tx, origin, graph.permissions(name)));
    Role role = *current;
    role.description = change.description.value_or(role.description);
    role.permissions = change.permissions.value_or(role.permissions);
    role.inherits = change.inherits.value_or(role.inherits);
    return save(tx, graph, std::move(role), "role.updated", origin);
  });
}

core::Result<RoleView> Service::save(core::Tx& tx, RoleGraph& graph, Role role, std::string_view action,
                                     const audit::Origin& origin) {
  TRY(check_role(graph, role));
  keep_sorted(role.permissions);
  keep_sorted(role.inherits);
  const Role* before = graph.find(role.name);
  std::string detail = described(before ? *before : Role{}, role);
  graph.put(role);
  TRY(ensure_covers(tx, origin, graph.permissions(role.name)));
  TRY(roles_.put(tx, role, new_stamp()));
  TRY(audit_.append(tx, {.action = std::string(action), .detail = std::move(detail)}, origin));
  TRY(outbox_.announce(tx, {changes::Kind::roles}));
  return view(graph, role);
}

core::Result<> Service::remove(std::string_view name, const audit::Origin& origin) {
  return transactor_.atomically([&](core::Tx& tx) -> core::Result<> {
    const auto graph = TRY(lock_graph(tx));
    const Role* role = graph.find(name);
    if (!role) return core::fail(core::Code::not_found);
    if (role->seeded) return core::fail(core::Code::role_protected);
    TRY(ensure_covers(tx, origin, graph.permissions(name)));
    TRY(roles_.remove(tx, name, new_stamp()));
    TRY(audit_.append(tx, {.action = "role.deleted", .detail = described(*role, {.name = role->name})}, origin));
    return outbox_.announce(tx, {changes::Kind::roles});
  });
}

core::Result<> Service::seed(core::Tx& tx) {
  const auto graph = TRY(lock_graph(tx));
  bool changed = false;
  for (const auto& role : seeded_roles(clock_.now())) {
    if (graph.find(role.name)) continue;
    TRY(roles_.put(tx, role, new_stamp()));
    TRY(audit_.append(tx, {.action = "role.created", .detail = described({}, role)}, {}));
    changed = true;
  }
  if (changed) TRY(outbox_.announce(tx, {changes::Kind::roles}));
  return {};
}

core::Result<RoleGraph> Service::lock_graph(core::Tx& tx) {
  TRY(roles_.lock(tx));
  return RoleGraph(TRY(roles_.list(tx)).roles);
}

void Service::forget_roles() {
  const std::lock_guard lock(mutex_);
  definitions_.reset();
}

std::shared_ptr<Service::Definitions> Service::definitions_if(std::string_view stamp) {
  const std::lock_guard lock(mutex_);
  return definitions_ && definitions_->stamp == stamp ? definitions_ : nullptr;
}

core::Result<std::shared_ptr<Service::Definitions>> Service::definitions(core::Tx& tx, std::string_view stamp) {
  if (auto known = definitions_if(stamp)) return known;
  auto all = TRY(roles_.list(tx));
  auto made = std::make_shared<Definitions>();
  made->stamp = std::move(all.stamp);
  made->graph = RoleGraph(std::move(all.roles));
  // A stamp is never used twice, so neither a rollback nor an old snapshot can make these another state's roles.
  const std::lock_guard lock(mutex_);
  definitions_ = made;
  return made;
}

std::shared_ptr<const PermissionSet> Service::permissions_of(Definitions& definitions,
                                                             const std::vector<std::string>& roles) {
  const std::lock_guard lock(definitions.mutex);
  if (const auto at = definitions.sets.find(roles); at != definitions.sets.end()) return at->second;
  auto set = std::make_shared<const PermissionSet>(definitions.graph.permissions(roles));
  if (definitions.sets.size() < most_sets) definitions.sets.emplace(roles, set);
  return set;
}

}  // namespace roles
