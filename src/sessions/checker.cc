#include "sessions/checker.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace sessions {
namespace {

constexpr size_t touch_batch = 500;

std::unexpected<core::Error> ended(std::string_view reason) {
  return std::unexpected(core::Error{.code = core::Code::session_ended, .reason = std::string(reason)});
}

core::Result<> require(const roles::PermissionSet& held, const std::vector<std::string>& permissions) {
  for (const auto& permission : permissions)
    if (!held.allows(permission))
      return std::unexpected(core::Error{.code = core::Code::permission_denied, .reason = permission});
  return {};
}

}  // namespace

Checker::Checker(Parts parts)
    : parts_(parts),
      hits_(parts.metrics.counter("usher_checks_total", "Session checks by outcome.", "outcome=\"memory\"")),
      copied_(parts.metrics.counter("usher_checks_total", "Session checks by outcome.", "outcome=\"copy\"")),
      misses_(parts.metrics.counter("usher_checks_total", "Session checks by outcome.", "outcome=\"store\"")),
      refused_(parts.metrics.counter("usher_checks_total", "Session checks by outcome.", "outcome=\"refused\"")),
      discarded_(parts.metrics.counter("usher_fills_discarded_total", "Cache fills that a change overtook.")) {}

core::Result<Admitted> Checker::check(std::string_view token, core::Millis received,
                                      const std::vector<std::string>& permissions) {
  Admitted admitted;
  const bool known = find(token, received, [&](accounts::UserId user, const Holder& holder, const Entry& entry) {
    admitted = {user, entry.session, holder.roles, holder.permissions, entry.proofs_from};
    return true;
  });
  if (!known) {
    const auto verified = verify(token);
    auto found = verified ? admit(accounts::UserId{verified->user}, SessionId{verified->session})
                          : core::Result<Admitted>(std::unexpected(verified.error()));
    if (!found) {
      refused_.add();
      return std::unexpected(std::move(found).error());
    }
    admitted = *std::move(found);
  }
  TRY(require(*admitted.permissions, permissions));
  return admitted;
}

core::Result<Admitted> Checker::admit(accounts::UserId user, SessionId session) {
  if (parts_.guard.skewed()) return core::fail(core::Code::clock_skew);
  const uint64_t begun = parts_.near.begin_fill(user);
  const core::Millis asked = parts_.clock.boot();
  const core::Time read_at = parts_.clock.now();
  Wanted wanted{.session = session, .copy_will_do = parts_.copies != nullptr};
  TRY(wanted_.run(wanted));
  if (wanted.copy)
    if (auto admitted = admit_by(*wanted.copy, user, begun, asked)) return copied_.add(), *std::move(admitted);
  auto living = wanted.copy ? TRY(load(user, session))
                            : TRY(keep(TRY(judge(user, TRY(std::move(wanted.found)))), begun, read_at, nullptr));
  misses_.add();
  return Admitted{user,
                  session,
                  roles::join(living.grants.roles),
                  living.grants.permissions,
                  living.session.proofs_from,
                  living.impersonator};
}

// Of a copy that nothing is known against. It never says that a session has ended: absent when it does not say that the
// session lives, when it is older than what may be remembered, and when a change came between.
std::optional<Admitted> Checker::admit_by(const Copy& copy, accounts::UserId user, uint64_t begun, core::Millis asked) {
  auto grants = parts_.access.grants_of(user, copy.roles);
  if (copy.user != user || !grants) return std::nullopt;
  const auto lifetimes = parts_.config.lifetimes(grants->roles);
  Entry entry{.session = copy.session,
              .created_at = copy.created_at,
              .expires_at = copy.expires_at,
              .last_active_at = copy.last_active_at,
              .proofs_from = copy.proofs_from,
              .me = nullptr};
  const core::Time now = parts_.clock.now();
  if (!lives(entry, lifetimes, now, asked) || now >= copy.read_at + parts_.access_config.cache_ttl) return std::nullopt;
  Admitted admitted{user, copy.session, roles::join(grants->roles), grants->permissions, copy.proofs_from};
  if (!remember(begun, user, *std::move(grants), std::min(copy.read_at, now), lifetimes, std::move(entry)))
    return std::nullopt;
  return admitted;
}

core::Result<tokens::VerifiedToken> Checker::verify(std::string_view token) {
  const auto digest = parts_.verified.digest(token);
  uint32_t epoch = parts_.keys.epoch();
  const core::Time now = parts_.clock.now();
  if (const auto known = parts_.verified.find(digest, epoch, core::to_millis(now) / 1000)) return *known;
  auto claims = tokens::verify_access_token(token, *parts_.keys.current(), parts_.token_config, now);
  if (!claims && tokens::names_unknown_key(claims.error())) {
    // "Unknown" is not "no" while a newer key may exist.
    TRY(parts_.keys.reload_unless_recent());
    epoch = parts_.keys.epoch();
    claims = tokens::verify_access_token(token, *parts_.keys.current(), parts_.token_config, now);
  }
  // Whether it has expired is a question to a clock that is right.
  if (!claims && claims.error().code == core::Code::token_expired && parts_.guard.doubtful())
    return core::fail(core::Code::clock_skew);
  if (!claims) return std::unexpected(std::move(claims).error());
  const tokens::VerifiedToken verified{claims->user, claims->session, core::to_millis(claims->expires_at) / 1000};
  parts_.verified.add(digest, epoch, verified);
  return verified;
}

core::Result<core::Time> Checker::authenticated_at(std::string_view token, const Admitted& admitted) const {
  const auto claims =
      TRY(tokens::verify_access_token(token, *parts_.keys.current(), parts_.token_config, parts_.clock.now()));
  return claims.authenticated_at >= admitted.proofs_from ? claims.authenticated_at : core::Time{};
}

core::Result<Living> Checker::load(accounts::UserId user, SessionId session, const Describe& describe) {
  if (parts_.guard.skewed()) return core::fail(core::Code::clock_skew);
  const uint64_t begun = parts_.near.begin_fill(user);
  const core::Time read_at = parts_.clock.now();
  return keep(TRY(read(user, session)), begun, read_at, describe);
}

core::Result<Living> Checker::keep(Living living, uint64_t begun, core::Time read_at, const Describe& describe) {
  TRY(refuse_expired(living));
  if (living.session.impersonator) {
    TRY(find_impersonator(living));
    return living;
  }
  Entry entry{.session = living.session.id,
              .created_at = living.session.created_at,
              .expires_at = living.session.expires_at,
              .last_active_at = living.session.last_active_at,
              .proofs_from = living.session.proofs_from,
              .me = describe ? describe(living) : nullptr};
  (void)remember(begun, living.user.id, living.grants, read_at, living.lifetimes, std::move(entry));
  return living;
}

// Holds it and marks the use. False when a change came between.
bool Checker::remember(uint64_t begun, accounts::UserId user, roles::Grants grants, core::Time read_at,
                       const Lifetimes& lifetimes, Entry entry) {
  const core::Time latest = read_at + parts_.access_config.cache_ttl;
  grants.valid_until = std::min(grants.valid_until.value_or(latest), latest);
  const SessionId session = entry.session;
  const bool held = parts_.near.fill(begun, user, grants, lifetimes, std::move(entry));
  if (!held) discarded_.add();
  const core::Time now = parts_.clock.now();
  parts_.near.find(user, session, [&](const Holder&, Entry& one) { return parts_.near.touch(user, one, now), true; });
  return held;
}

core::Result<Living> Checker::read(accounts::UserId user, SessionId session) {
  return judge(user, TRY(find_whole(session)));
}

core::Result<Living> Checker::judge(accounts::UserId user_id, std::optional<Whole> found) {
  if (!found || found->user.id != user_id) return ended("unknown");
  if (found->user.disabled_at) return core::fail(core::Code::account_disabled);
  if (found->session.end) return ended(core::to_text(found->session.end->reason));
  if (!found->user.active()) return ended(core::to_text(EndReason::account_deleted));
  auto grants = TRY(parts_.access.grants_of(user_id, found->roles));
  const auto lifetimes = parts_.config.lifetimes(grants.roles);
  shorten(found->session, lifetimes);
  return Living{std::move(found->session), std::move(found->user), std::move(grants), lifetimes};
}

core::Result<bool> Checker::is_of_disabled_user(SessionId id) {
  const auto found = TRY(find_whole(id));
  return found && found->user.disabled_at.has_value();
}

core::Result<std::optional<Whole>> Checker::find_whole(SessionId session) {
  Wanted wanted{.session = session};
  TRY(wanted_.run(wanted));
  return std::move(wanted.found);
}

void Checker::find_together(std::span<Wanted* const> all) {
  find_copies(all);
  std::vector<Wanted*> rest;
  for (Wanted* wanted : all)
    if (!wanted->copy) rest.push_back(wanted);
  if (!rest.empty()) read_together(rest);
}

// A copy is believed where memory would be, and while every change since it was read is known and was another's.
void Checker::find_copies(std::span<Wanted* const> all) {
  std::set<SessionId> distinct;
  for (const Wanted* wanted : all)
    if (wanted->copy_will_do) distinct.insert(wanted->session);
  if (distinct.empty()) return;
  const core::Millis asked = parts_.clock.boot();
  const auto copies = parts_.copies->find(std::vector<SessionId>(distinct.begin(), distinct.end()));
  if (!parts_.feed.fresh(asked)) return;
  for (const Copy& copy : copies)
    if (parts_.feed.covers(copy.seen, copy.user.value))
      for (Wanted* wanted : all)
        if (wanted->copy_will_do && wanted->session == copy.session) wanted->copy = copy;
}

// Several may want the same session.
void Checker::read_together(std::span<Wanted* const> all) {
  std::set<SessionId> distinct;
  for (const Wanted* wanted : all) distinct.insert(wanted->session);
  const std::vector<SessionId> ids(distinct.begin(), distinct.end());
  const core::Time read_at = parts_.clock.now();
  const auto seen = parts_.feed.reached();
  const auto found = parts_.transactor.reading([&](core::Tx& tx) { return parts_.sessions.find_whole(tx, ids); });
  for (Wanted* wanted : all) {
    if (!found) {
      wanted->found = std::unexpected(found.error());
      continue;
    }
    const auto at = std::ranges::find(*found, wanted->session, [](const Whole& whole) { return whole.session.id; });
    wanted->found = at == found->end() ? std::nullopt : std::optional(*at);
  }
  if (found && parts_.copies) put_copies(*found, read_at, seen);
}

// Of those that live: an end is asked of the store each time.
void Checker::put_copies(std::span<const Whole> found, core::Time read_at, const changes::Cursor& seen) {
  std::vector<Copy> copies;
  for (const auto& [session, user, roles, address_before] : found)
    if (!session.end && !session.impersonator && user.active())
      copies.push_back({session.id, user.id, session.created_at, session.expires_at, session.last_active_at,
                        session.proofs_from, roles, read_at, seen});
  if (!copies.empty()) parts_.copies->put(std::move(copies));
}

// Decided by the clock alone; writing it down may fail or wait without changing the answer.
core::Result<> Checker::refuse_expired(Living& living) {
  const auto why = [&] { return expired(living.session, living.lifetimes, parts_.clock.now()); };
  if (parts_.guard.jumped() || !why()) return {};
  // The last use may be known to memory only.
  TRY(write_touches());
  living = TRY(read(living.user.id, living.session.id));
  const auto reason = why();
  if (!reason) return {};
  TRY(parts_.transactor.atomically(
      [&](core::Tx& tx) { return parts_.service.expire(tx, living.session, *reason, living.lifetimes, {}); }));
  return ended(core::to_text(*reason));
}

// It is asked for each time, and so never outlives what it depends on.
core::Result<> Checker::find_impersonator(Living& living) {
  const Session& session = living.session;
  const auto found = TRY(find_whole(*session.impersonator));
  if (found && TRY(may_impersonate(*found))) {
    living.impersonator = found->user.id;
    return {};
  }
  TRY(parts_.transactor.atomically(
      [&](core::Tx& tx) { return parts_.service.end(tx, session.user, session.id, EndReason::impersonation, {}); }));
  return ended(core::to_text(EndReason::impersonation));
}

core::Result<bool> Checker::may_impersonate(const Whole& impersonator) {
  const Session& session = impersonator.session;
  if (session.end || !impersonator.user.active()) return false;
  const core::Time now = parts_.clock.now();
  const auto lifetimes = parts_.config.lifetimes(impersonator.roles, now);
  // Only by age: who acts in another's name is not idle.
  if (expired(session.created_at, now, session.expires_at, lifetimes, now) && !parts_.guard.jumped()) return false;
  return TRY(parts_.access.grants_of(impersonator.user.id, impersonator.roles))
      .permissions->allows(roles::users_impersonate);
}

core::Result<> Checker::write_touches() {
  const std::lock_guard lock(unwritten_mutex_);
  std::ranges::move(parts_.near.take_touches(), std::back_inserter(unwritten_));
  // Two nodes that write the same rows lock them in the same order.
  std::ranges::sort(unwritten_, {}, &Touch::id);
  while (!unwritten_.empty()) {
    const size_t size = std::min(unwritten_.size(), touch_batch);
    const std::vector<Touch> batch(unwritten_.end() - static_cast<ptrdiff_t>(size), unwritten_.end());
    TRY(parts_.transactor.atomically([&](core::Tx& tx) { return parts_.sessions.touch(tx, batch); }));
    unwritten_.resize(unwritten_.size() - size);
  }
  return {};
}

}  // namespace sessions
