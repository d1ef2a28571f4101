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
  if (auto copied = admit_by_copy(user, session)) return copied_.add(), *std::move(copied);
  auto living = TRY(load(user, session));
  misses_.add();
  return Admitted{user,
                  session,
                  roles::join(living.grants.roles),
                  living.grants.permissions,
                  living.session.proofs_from,
                  living.impersonator};
}

// A copy is believed where memory would be: it is younger than what it may be remembered for, and every change since it
// was read is known and was another's. It never says that a session has ended.
std::optional<Admitted> Checker::admit_by_copy(accounts::UserId user, SessionId session) {
  if (!parts_.copies || parts_.guard.skewed()) return std::nullopt;
  const uint64_t begun = parts_.near.begin_fill(user);
  const core::Millis asked = parts_.clock.boot();
  const auto copy = parts_.copies->find(session);
  if (!copy || copy->user != user || !parts_.feed.fresh(asked) || !parts_.feed.covers(copy->seen, user.value))
    return std::nullopt;
  auto grants = parts_.access.grants_of(user, copy->roles);
  if (!grants) return std::nullopt;
  const auto lifetimes = parts_.config.lifetimes(grants->roles);
  Entry entry{.session = session,
              .created_at = copy->created_at,
              .expires_at = copy->expires_at,
              .last_active_at = copy->last_active_at,
              .proofs_from = copy->proofs_from,
              .me = nullptr};
  const core::Time now = parts_.clock.now();
  if (!lives(entry, lifetimes, now, asked) || now >= copy->read_at + parts_.access_config.cache_ttl)
    return std::nullopt;
  Admitted admitted{user, session, roles::join(grants->roles), grants->permissions, copy->proofs_from};
  if (!remember(begun, user, *std::move(grants), std::min(copy->read_at, now), lifetimes, std::move(entry)))
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
  auto living = TRY(read(user, session));
  TRY(refuse_expired(living));
  if (living.session.impersonator) {
    TRY(find_impersonator(living));
    return living;
  }
  Entry entry{.session = session,
              .created_at = living.session.created_at,
              .expires_at = living.session.expires_at,
              .last_active_at = living.session.last_active_at,
              .proofs_from = living.session.proofs_from,
              .me = describe ? describe(living) : nullptr};
  (void)remember(begun, user, living.grants, read_at, living.lifetimes, std::move(entry));
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

core::Result<Living> Checker::read(accounts::UserId user_id, SessionId session_id) {
  auto found = TRY(find_whole(session_id));
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
  Wanted wanted{session};
  TRY(wanted_.run(wanted));
  return std::move(wanted.found);
}

// Several may want the same session.
void Checker::find_together(std::span<Wanted* const> all) {
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
  parts_.copies->put(copies);
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
