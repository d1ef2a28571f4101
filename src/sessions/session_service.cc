#include "sessions/session_service.h"

#include <algorithm>
#include <iterator>

#include "core/log.h"

namespace sessions {
namespace {

constexpr size_t again_at_once = 100;    // in one transaction
constexpr int64_t most_to_end = 10'000;  // by one sign-in, when the limit was lowered

}  // namespace

core::Result<Issued> Service::create(core::Tx& tx, accounts::UserId user, devices::Device device, std::string amr,
                                     const audit::Origin& origin) {
  TRY(check_clock());
  TRY(make_room(tx, user, origin));
  auto session = fresh(user, std::move(device), std::move(amr), origin);
  TRY(store_.create(tx, session));
  TRY(audit_.append(tx, {"session.created", user.value, session.id.value, session.amr}, origin));
  return issue(std::move(session));
}

Session Service::fresh(accounts::UserId user, devices::Device device, std::string amr, const audit::Origin& origin) {
  const core::Time now = clock_.now();
  std::string secret(32, '\0');
  random_.fill({reinterpret_cast<uint8_t*>(secret.data()), secret.size()});
  return {.id = random_.id<SessionId>(now),
          .user = user,
          .secret = crypto::Secret(std::move(secret)),
          .amr = std::move(amr),
          .device = std::move(device),
          .ip_address = origin.ip_address,
          .created_at = now,
          .last_active_at = now,
          .refreshed_at = now,
          .authenticated_at = now,
          .expires_at = now + config_.absolute_timeout};
}

core::Result<Issued> Service::impersonate(core::Tx& tx, accounts::UserId user, const Impersonation& by,
                                          const audit::Origin& origin) {
  TRY(check_clock());
  auto session = fresh(user, {.name = "Impersonation"}, "", origin);
  session.expires_at = std::min(session.expires_at, session.created_at + by.life);
  session.proofs_from = session.expires_at;  // the user himself proved nothing
  session.impersonator = by.by;
  TRY(store_.create(tx, session));
  TRY(audit_.append(tx, {"impersonation.begun", user.value, session.id.value, by.reason}, origin));
  return issue(std::move(session));
}

core::Result<std::optional<Issued>> Service::authenticate(core::Tx& tx, accounts::UserId user, SessionId id,
                                                          std::string_view amr, const audit::Origin& origin) {
  TRY(check_clock());
  auto found = TRY(store_.lock(tx, id));
  if (!found || found->session.user != user || found->session.end) return std::nullopt;
  Session& session = found->session;
  session.authenticated_at = std::max(clock_.now(), session.proofs_from);
  const bool two_factors = lists(session.amr, "pwd") || lists(amr, "user");
  for (const auto& method : methods_of(amr))
    if (!lists(session.amr, method) && (method != "mfa" || two_factors)) session.amr += ' ' + method;
  TRY(store_.authenticate(tx, session));
  TRY(audit_.append(tx, {"session.authenticated", user.value, id.value, std::string(amr)}, origin));
  TRY(outbox_.announce(tx, {changes::Kind::session, user.value}));
  return issue(std::move(session));
}

core::Result<> Service::forget_second_factor(core::Tx& tx, SessionId id) {
  auto found = TRY(store_.lock(tx, id));
  if (!found) return {};
  std::string kept;
  for (const auto& method : methods_of(found->session.amr))
    if (method != "mfa") kept += (kept.empty() ? "" : " ") + method;
  found->session.amr = std::move(kept);
  TRY(store_.authenticate(tx, found->session));
  return outbox_.announce(tx, {changes::Kind::session, found->session.user.value});
}

core::Result<> Service::check_clock() const {
  return guard_.doubtful() ? core::fail(core::Code::clock_skew) : core::Result<>{};
}

core::Result<> Service::make_room(core::Tx& tx, accounts::UserId user, const audit::Origin& origin) {
  if (config_.limit == 0) return {};
  const auto living = TRY(list(tx, user, {.limit = most_to_end, .own = true}));
  if (std::ssize(living) < config_.limit) return {};
  if (config_.at_limit == AtLimit::refuse) return core::fail(core::Code::session_limit);
  for (const Session& one : std::span(living).subspan(static_cast<size_t>(config_.limit - 1)))
    TRY(end(tx, user, one.id, EndReason::limit, origin));
  return {};
}

core::Result<bool> Service::end(core::Tx& tx, accounts::UserId owner, SessionId id, EndReason reason,
                                const audit::Origin& origin) {
  const auto ids = TRY(store_.end(tx, owner, id, std::nullopt, reason));
  for (const auto& one : ids) TRY(record_end(tx, owner, one, reason, origin));
  if (ids.empty()) {
    const auto session = TRY(store_.find(tx, id));
    if (!session) return false;
    if (session->user != owner) {
      TRY(audit_.append(tx, {"session.end_refused", owner.value, id.value, "another user's"}, origin));
      return false;
    }
  }
  // Also when it had ended: whoever ended it may not have told this process yet, and this caller will say that it is
  // over, too.
  TRY(outbox_.announce(tx, {changes::Kind::session, owner.value}));
  return !ids.empty();
}

core::Result<> Service::record_end(core::Tx& tx, accounts::UserId user, SessionId id, EndReason reason,
                                   const audit::Origin& origin, std::string_view note) {
  tx.when_committed([this, user, id, reason] { recent_.add({id, user, reason, clock_.boot()}); });
  const auto detail = std::string(core::to_text(reason)).append(note);
  return audit_.append(tx, {"session.ended", user.value, id.value, detail}, origin);
}

core::Result<> Service::end_again() {
  const auto [ends, complete] = recent_.at(clock_.boot());
  int64_t count = 0;
  for (std::span<const RecentEnd> rest = ends; !rest.empty();) {
    const auto some = rest.first(std::min(rest.size(), again_at_once));
    count += TRY(transactor_.atomically([&](core::Tx& tx) { return end_again(tx, some); }));
    rest = rest.subspan(some.size());
  }
  core::log(core::Level::warn, "the database lost its last transactions: sessions were ended again",
            {{"ended", count}, {"remembered", std::ssize(ends)}, {"complete", complete}});
  return {};
}

core::Result<int64_t> Service::end_again(core::Tx& tx, std::span<const RecentEnd> ends) {
  int64_t count = 0;
  for (const RecentEnd& end : ends)
    for (const auto& id : TRY(store_.end(tx, end.user, end.id, std::nullopt, end.reason))) {
      TRY(record_end(tx, end.user, id, end.reason, {}, " again: the database had lost it"));
      TRY(outbox_.announce(tx, {changes::Kind::session, end.user.value}));
      ++count;
    }
  return count;
}

core::Result<> Service::expire(core::Tx& tx, const Session& session, EndReason reason, const Lifetimes& lifetimes,
                               const audit::Origin& origin) {
  if (!TRY(store_.expire(tx, session.id, reason, lifetimes, expiry_slack))) return {};
  return record_end(tx, session.user, session.id, reason, origin);
}

core::Result<int64_t> Service::end_all(core::Tx& tx, accounts::UserId user, EndReason reason,
                                       std::optional<SessionId> except, const audit::Origin& origin) {
  const auto ids = TRY(store_.end(tx, user, std::nullopt, except, reason));
  for (const auto& one : ids) TRY(record_end(tx, user, one, reason, origin));
  // Also when none was ended here: a fill that began before must not outlive the call.
  TRY(outbox_.announce(tx, {changes::Kind::session, user.value}));
  return static_cast<int64_t>(ids.size());
}

// Not by list(): what the clock seems to have ended may have been used since, and that is written later. In one page,
// for a session that is used meanwhile would move out of those to come.
core::Result<int64_t> Service::end_if(core::Tx& tx, accounts::UserId user,
                                      const std::function<bool(const Session&)>& whose, EndReason reason,
                                      const audit::Origin& origin) {
  int64_t ended = 0;
  for (const auto& session : TRY(store_.list(tx, user, {.limit = INT32_MAX, .own = true})))
    if (whose(session)) ended += TRY(end(tx, user, session.id, reason, origin));
  return ended;
}

core::Result<int64_t> Service::react(core::Tx& tx, Event event, accounts::UserId user, std::optional<SessionId> current,
                                     const audit::Origin& origin) {
  const EndReason reason = row_of(event).reason;
  switch (reaction_to(event)) {
    case Reaction::keep:
      break;
    case Reaction::step_up:
      TRY(take_back_proofs(tx, user, reason, current, origin));
      break;
    case Reaction::end_others:
      return end_all(tx, user, reason, current, origin);
    case Reaction::end_all:
      return end_all(tx, user, reason, std::nullopt, origin);
  }
  return 0;
}

// Tokens tell whole seconds: from the next one on, so that none of what was proved before counts.
core::Result<> Service::take_back_proofs(core::Tx& tx, accounts::UserId user, EndReason reason,
                                         std::optional<SessionId> except, const audit::Origin& origin) {
  TRY(store_.take_back_proofs(tx, user, except, std::chrono::ceil<core::Seconds>(clock_.now())));
  TRY(audit_.append(tx, {"session.proofs_taken_back", user.value, {}, std::string(core::to_text(reason))}, origin));
  return outbox_.announce(tx, {changes::Kind::session, user.value});
}

core::Result<std::vector<Session>> Service::list(core::Tx& tx, accounts::UserId user, const Page& page) {
  std::optional<Lifetimes> lifetimes;  // of all of them: they are one user's
  const auto ended_by_clock = [&, now = clock_.now()](const Session& s) {
    return !guard_.jumped() && expired(s, *lifetimes, now);
  };
  std::vector<Session> living;
  // The clock may have ended any of a page: it is filled up from the next ones, so that only the last page is short.
  for (Page rest = page;;) {
    auto some = TRY(store_.list(tx, user, rest));
    if (!some.empty()) rest.after = {some.back().last_active_at, some.back().id};
    const bool last = static_cast<int64_t>(some.size()) < rest.limit;
    if (!some.empty() && !lifetimes) lifetimes = TRY(lifetimes_of(tx, some.front().id));
    std::erase_if(some, ended_by_clock);
    for (Session& one : some) shorten(one, *lifetimes);
    std::ranges::move(some, std::back_inserter(living));
    rest.limit = page.limit - static_cast<int64_t>(living.size());
    if (last || rest.limit == 0) return living;
  }
}

// The roles are read only where lifetimes depend on them.
core::Result<Lifetimes> Service::lifetimes_of(core::Tx& tx, SessionId session) const {
  if (!config_.depends_on_roles()) return config_.lifetimes({});
  const auto found = TRY(store_.find_whole(tx, {&session, 1}));
  return found.empty() ? config_.lifetimes({}) : config_.lifetimes(found[0].roles, clock_.now());
}

Issued Service::issue(Session session) const {
  auto token = tokens::issue_refresh_token(*keys_.current(), clock_.now(), session.id.value,
                                           session.rotation.generation, session.secret);
  return {std::move(session), std::move(token)};
}

}  // namespace sessions
