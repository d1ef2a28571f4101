#include "accounts/user_service.h"

namespace accounts {
namespace {

constexpr core::Rule name_length = core::length(1, 100);

void check_name(core::Decoder& decoder, std::string_view field, const std::optional<std::string>& name) {
  decoder.path = field;
  if (name) core::check_text(decoder, *name, name_length);
}

core::Result<User> living(std::optional<User> user) {
  if (!user || user->deleted_at) return core::fail(core::Code::not_found);
  return std::move(*user);
}

}  // namespace

core::Result<> check_names(const NewNames& names) {
  core::Decoder decoder;
  check_name(decoder, "firstName", names.first);
  check_name(decoder, "lastName", names.last);
  if (!decoder.errors.empty()) return std::unexpected(core::field_errors(std::move(decoder)));
  return {};
}

core::Result<User> Service::get(UserId id) {
  return transactor_.reading([&](core::Tx& tx) { return get(tx, id); });
}

core::Result<User> Service::get(core::Tx& tx, UserId id) { return living(TRY(store_.find(tx, id))); }

core::Result<std::optional<User>> Service::find_by_email(std::string_view email_key) {
  return transactor_.reading([&](core::Tx& tx) -> core::Result<std::optional<User>> {
    auto user = TRY(store_.find_by_email(tx, email_key));
    if (user && user->deleted_at) user.reset();
    return user;
  });
}

core::Result<std::vector<User>> Service::list(const UserFilter& filter) {
  return transactor_.reading([&](core::Tx& tx) { return store_.list(tx, filter); });
}

core::Result<User> Service::rename(UserId id, const NewNames& names, const audit::Origin& origin) {
  return transactor_.atomically([&](core::Tx& tx) { return rename(tx, id, names, origin); });
}

core::Result<User> Service::rename(core::Tx& tx, UserId id, const NewNames& names, const audit::Origin& origin) {
  TRY(check_names(names));
  User user = TRY(lock(tx, id));
  const auto first = names.first.value_or(user.first_name), last = names.last.value_or(user.last_name);
  // The fields alone: events are kept when what is personal is removed.
  std::string changed = first != user.first_name ? "firstName" : "";
  if (last != user.last_name) changed += changed.empty() ? "lastName" : " lastName";
  if (changed.empty()) return user;
  user.first_name = first;
  user.last_name = last;
  return save(tx, std::move(user), "user.renamed", origin, std::move(changed));
}

core::Result<User> Service::disable(core::Tx& tx, UserId id, const audit::Origin& origin) {
  User user = TRY(lock(tx, id));
  if (user.disabled_at) return user;
  user.disabled_at = clock_.now();
  ++user.auth_epoch;
  return save(tx, std::move(user), "user.disabled", origin);
}

core::Result<User> Service::enable(core::Tx& tx, UserId id, const audit::Origin& origin) {
  User user = TRY(lock(tx, id));
  if (!user.disabled_at) return user;
  user.disabled_at.reset();
  ++user.auth_epoch;
  return save(tx, std::move(user), "user.enabled", origin);
}

core::Result<User> Service::outdate_sign_ins(core::Tx& tx, UserId id) {
  User user = TRY(lock(tx, id));
  ++user.auth_epoch;
  return update(tx, std::move(user));
}

core::Result<User> Service::remove(core::Tx& tx, UserId id, const audit::Origin& origin) {
  return save(tx, without_personal_fields(TRY(lock(tx, id)), clock_.now()), "user.deleted", origin);
}

core::Result<User> Service::lock(core::Tx& tx, UserId id) { return living(TRY(store_.lock(tx, id))); }

core::Result<User> Service::save(core::Tx& tx, User user, std::string_view action, const audit::Origin& origin,
                                 std::string detail) {
  TRY(audit_.append(tx, {.action = std::string(action), .subject = user.id.value, .detail = std::move(detail)},
                    origin));
  return update(tx, std::move(user));
}

core::Result<User> Service::update(core::Tx& tx, User user) {
  if (!TRY(store_.update(tx, user)))
    return core::fail_because(core::Code::internal, "a locked user could not be updated");
  TRY(outbox_.announce(tx, {changes::Kind::user, user.id.value}));
  return user;
}

}  // namespace accounts
