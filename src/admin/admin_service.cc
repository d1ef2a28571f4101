#include "admin/admin_service.h"

namespace admin {

using accounts::User, accounts::UserId, core::Result, sessions::EndReason;

Result<UserView> Service::view(core::Tx& tx, User user) {
  auto grants = TRY(parts_.access.grants_of(tx, user.id));
  return UserView{std::move(user), std::move(grants.roles)};
}

Result<std::vector<UserView>> Service::list(const accounts::UserFilter& filter) {
  return parts_.transactor.reading([&](core::Tx& tx) -> Result<std::vector<UserView>> {
    std::vector<UserView> views;
    for (auto& user : TRY(parts_.users.list(tx, filter))) views.push_back(TRY(view(tx, std::move(user))));
    return views;
  });
}

Result<UserView> Service::get(UserId id) {
  return parts_.transactor.reading([&](core::Tx& tx) -> Result<UserView> {
    auto user = TRY(parts_.users.get(tx, id));
    return view(tx, std::move(user));
  });
}

Result<UserView> Service::rename(UserId id, const accounts::NewNames& names, const audit::Origin& origin) {
  return parts_.transactor.atomically([&](core::Tx& tx) -> Result<UserView> {
    TRY(parts_.access.ensure_may_act_on(tx, id, origin));
    auto user = TRY(parts_.users.rename(tx, id, names, origin));
    return view(tx, std::move(user));
  });
}

Result<UserView> Service::disable(UserId id, const audit::Origin& origin) {
  return parts_.transactor.atomically([&](core::Tx& tx) -> Result<UserView> {
    TRY(parts_.access.ensure_may_act_on(tx, id, origin));
    TRY(parts_.access.ensure_not_last_super_admin(tx, id));
    auto user = TRY(parts_.users.disable(tx, id, origin));
    TRY(parts_.sessions.react(tx, sessions::Event::disabled, id, std::nullopt, origin));
    return view(tx, std::move(user));
  });
}

Result<UserView> Service::enable(UserId id, const audit::Origin& origin) {
  return parts_.transactor.atomically([&](core::Tx& tx) -> Result<UserView> {
    TRY(parts_.access.ensure_may_act_on(tx, id, origin));
    auto user = TRY(parts_.users.enable(tx, id, origin));
    return view(tx, std::move(user));
  });
}

Result<int64_t> Service::require_password_reset(UserId id, const audit::Origin& origin) {
  return parts_.transactor.atomically([&](core::Tx& tx) -> Result<int64_t> {
    TRY(parts_.access.ensure_may_act_on(tx, id, origin));
    auto user = TRY(parts_.users.lock(tx, id));
    TRY(parts_.audit.append(tx, {"password.reset_required", id.value, {}, {}}, origin));
    return parts_.passwords.demand_reset(tx, std::move(user), EndReason::admin, origin);
  });
}

Result<> Service::remove(UserId id, const audit::Origin& origin) {
  return parts_.transactor.atomically([&](core::Tx& tx) -> Result<> {
    TRY(parts_.access.ensure_may_act_on(tx, id, origin));
    TRY(parts_.access.ensure_not_last_super_admin(tx, id));
    return parts_.removal.remove(tx, id, origin);
  });
}

Result<std::vector<sessions::Session>> Service::list_sessions(UserId id, const sessions::Page& page) {
  return parts_.transactor.reading([&](core::Tx& tx) -> Result<std::vector<sessions::Session>> {
    TRY(parts_.users.get(tx, id));
    return parts_.sessions.list(tx, id, page);
  });
}

Result<> Service::end_session(UserId id, sessions::SessionId session, const audit::Origin& origin) {
  return parts_.transactor.atomically([&](core::Tx& tx) -> Result<> {
    TRY(parts_.users.get(tx, id));
    TRY(parts_.access.ensure_may_act_on(tx, id, origin));
    if (!TRY(parts_.sessions.end(tx, id, session, EndReason::admin, origin))) return core::fail(core::Code::not_found);
    return {};
  });
}

Result<int64_t> Service::end_sessions(UserId id, const audit::Origin& origin) {
  return parts_.transactor.atomically([&](core::Tx& tx) -> Result<int64_t> {
    TRY(parts_.access.ensure_may_act_on(tx, id, origin));
    TRY(parts_.users.outdate_sign_ins(tx, id));
    return parts_.sessions.end_all(tx, id, EndReason::admin, std::nullopt, origin);
  });
}

}  // namespace admin
