// A sessions::Store in memory. Give `sessions` to FakeTransactor::track().
#pragma once
#include <algorithm>
#include <map>

#include "sessions/session_service.h"

namespace test {

class FakeSessions final : public sessions::Store {
 public:
  using Session = sessions::Session;
  using SessionId = sessions::SessionId;
  using UserId = accounts::UserId;

  // `clock` is the database's.
  FakeSessions(const core::Clock& clock, accounts::Store& users, roles::RoleStore& roles)
      : clock_(clock), users_(users), roles_(roles) {}
  std::map<SessionId, Session> sessions;

  core::Result<> create(core::Tx&, const Session& session) override {
    if (!sessions.try_emplace(session.id, session).second) return core::fail(core::Code::conflict);
    return {};
  }
  core::Result<std::optional<Session>> find(core::Tx&, SessionId id) override {
    const auto at = sessions.find(id);
    return at == sessions.end() ? std::nullopt : std::optional(at->second);
  }
  core::Result<std::optional<sessions::Whole>> lock(core::Tx& tx, SessionId id) override {
    const auto at = sessions.find(id);
    if (at == sessions.end()) return std::nullopt;
    const UserId owner = at->second.user;
    return sessions::Whole{at->second, TRY(users_.find(tx, owner)).value(), TRY(roles_.list_assignments(tx, owner))};
  }
  core::Result<std::vector<sessions::Whole>> lock_free(core::Tx& tx, std::span<const SessionId> ids) override {
    return find_whole(tx, ids);
  }
  core::Result<std::vector<sessions::Whole>> find_whole(core::Tx& tx, std::span<const SessionId> ids) override {
    std::vector<sessions::Whole> found;
    for (const auto& id : ids)
      if (auto whole = TRY(lock(tx, id))) found.push_back(std::move(*whole));
    return found;
  }
  core::Result<std::vector<Session>> list(core::Tx&, UserId user, const sessions::Page& page) override {
    std::vector<Session> found;
    for (const auto& [id, session] : sessions)
      if (session.user == user && !session.end && (!page.after || place(session) < *page.after) &&
          !(page.own && session.impersonator))
        found.push_back(session);
    std::ranges::sort(found, std::ranges::greater{}, place);
    if (std::ssize(found) > page.limit) found.resize(static_cast<size_t>(page.limit));
    return found;
  }
  core::Result<std::vector<SessionId>> end(core::Tx&, UserId user, std::optional<SessionId> only,
                                           std::optional<SessionId> except, sessions::EndReason reason) override {
    std::vector<SessionId> ended;
    for (auto& [id, session] : sessions) {
      if (session.user != user || session.end || (only && id != *only) || (except && id == *except)) continue;
      session.end = {clock_.now(), reason};
      ended.push_back(id);
    }
    return ended;
  }
  core::Result<bool> expire(core::Tx&, SessionId id, sessions::EndReason reason, const sessions::Lifetimes& lifetimes,
                            core::Seconds slack) override {
    const auto at = sessions.find(id);
    if (at == sessions.end() || at->second.end) return false;
    const Session& s = at->second;
    if (!sessions::expired(s.created_at, s.last_active_at, s.expires_at, lifetimes, clock_.now() - slack)) return false;
    at->second.end = {clock_.now(), reason};
    return true;
  }
  core::Result<> rotate(core::Tx&, std::span<const Session* const> rotated) override {
    for (const Session* session : rotated) {
      const auto at = sessions.find(session->id);
      if (at == sessions.end() || at->second.end || at->second.rotation.generation >= session->rotation.generation)
        continue;
      at->second.rotation = session->rotation;
      at->second.ip_address = session->ip_address;
      at->second.refreshed_at = session->refreshed_at;
      at->second.last_active_at = session->last_active_at;
    }
    return {};
  }
  core::Result<> authenticate(core::Tx&, const Session& session) override {
    const auto at = sessions.find(session.id);
    if (at == sessions.end() || at->second.end) return {};
    at->second.authenticated_at = session.authenticated_at;
    at->second.amr = session.amr;
    return {};
  }
  core::Result<> take_back_proofs(core::Tx&, UserId user, std::optional<SessionId> except, core::Time from) override {
    for (auto& [id, session] : sessions)
      if (session.user == user && !session.end && id != except) session.proofs_from = from;
    return {};
  }
  core::Result<> touch(core::Tx&, const std::vector<sessions::Touch>& touches) override {
    for (const auto& touch : touches) {
      const auto at = sessions.find(touch.id);
      if (at == sessions.end() || at->second.end) continue;
      at->second.last_active_at = std::max(at->second.last_active_at, std::min(touch.at, clock_.now()));
    }
    return {};
  }
  core::Result<int64_t> prune(core::Tx&, core::Time before, int64_t limit) override {
    return static_cast<int64_t>(std::erase_if(sessions, [&](const auto& entry) {
      const Session& s = entry.second;
      return (s.end ? s.end->at : s.expires_at) < before && limit-- > 0;
    }));
  }
  core::Result<int64_t> count_live(core::Tx&) override {
    return std::ranges::count_if(
        sessions, [&](const auto& entry) { return !entry.second.end && entry.second.expires_at > clock_.now(); });
  }

 private:
  static std::pair<core::Time, SessionId> place(const Session& session) { return {session.last_active_at, session.id}; }
  const core::Clock& clock_;
  accounts::Store& users_;
  roles::RoleStore& roles_;
};

// Give `rung` to FakeTransactor::track().
class FakeAlarm final : public sessions::Alarm {
 public:
  std::vector<sessions::SessionId> rung;
  core::Result<> refresh_reused(core::Tx&, const sessions::Session& session) override {
    rung.push_back(session.id);
    return {};
  }
};

}  // namespace test
