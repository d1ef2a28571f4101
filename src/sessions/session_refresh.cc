// The part of session_service.h that answers refresh tokens. Those that come at the same time are answered by one
// transaction, which is several times cheaper than one each; whatever needs more than a rotation has one of its own.
#include <algorithm>
#include <map>

#include "sessions/session_service.h"

namespace sessions {
namespace {

std::unexpected<core::Error> ended(EndReason reason) {
  return std::unexpected(core::Error{.code = core::Code::session_ended, .reason = std::string(core::to_text(reason))});
}

}  // namespace

struct Service::Presented {
  tokens::RefreshToken token;
  std::shared_ptr<const tokens::KeySet> keys;
  std::string family;
  audit::Origin origin;
  core::Time now;
  bool jumped;  // what the clock guard says of `now`
  Moves moves = Moves::together;
  Then then = nullptr;
  Answer answer = {};  // absent until there is one

  SessionId session() const { return SessionId{token.session}; }
  bool has_known_key() const { return keys->mac(token.key, now) != nullptr; }

  core::Result<Refreshed> refreshed() {
    auto answered = TRY(*std::move(answer));
    auto fresh = tokens::issue_refresh_token(*keys, now, answered.session.id.value,
                                             answered.session.rotation.generation, answered.session.secret);
    return Refreshed{std::move(answered), std::move(fresh)};
  }

  // For Lanes.
  void done(core::Result<> turn) {
    if (!turn) then(std::unexpected(std::move(turn).error()));
    else if (answer) then(refreshed());
    else then(std::nullopt);
  }
};

// What one is answered without more being written than a rotation; absent when more is to be written.
struct Service::Plain {
  Answer answer{};
  bool rotates = false;  // and the answer is the session as it is to be stored
};

core::Result<Service::Presented> Service::present(const crypto::Secret& text, std::string family,
                                                  audit::Origin origin) const {
  const auto token = tokens::RefreshToken::parse(text.expose());
  if (!token) return core::fail(core::Code::refresh_invalid);
  const core::Time now = clock_.now();
  const bool jumped = guard_.jumped(now, clock_.boot());
  // Of a clock that was set nobody knows yet how old a token is: what is honest would look like theft. Asked after the
  // time was read, so that this time is not that clock's.
  TRY(check_clock());
  return Presented{*token, keys_.current(), std::move(family), std::move(origin), now, jumped};
}

core::Result<Refreshed> Service::refresh(const crypto::Secret& text, std::string_view family,
                                         const audit::Origin& origin) {
  auto presented = TRY(present(text, std::string(family), origin));
  if (!presented.has_known_key()) {
    TRY(keys_.reload_unless_recent());
    presented.keys = keys_.current();
  }
  if (!presented.has_known_key()) return core::fail(core::Code::refresh_invalid);
  presented.answer = answer_alone(presented);
  return presented.refreshed();
}

void Service::begin_refresh(const crypto::Secret& text, std::string family, audit::Origin origin, Moves moves,
                            Then then) {
  auto presented = present(text, std::move(family), std::move(origin));
  if (!presented) return then(std::unexpected(std::move(presented).error()));
  if (!presented->has_known_key()) return then(std::nullopt);
  presented->moves = moves;
  presented->then = std::move(then);
  together_.submit(std::make_shared<Presented>(*std::move(presented)));
}

// The answers are given once they are durable. What is left without one is answered alone: sessions whose row is locked
// or absent, second tokens of one session, what answer() leaves.
void Service::answer_together(std::span<Presented* const> all) {
  std::map<SessionId, Presented*> by_session;
  std::vector<SessionId> ids;
  for (Presented* presented : all)
    if (by_session.try_emplace(presented->session(), presented).second) ids.push_back(presented->session());
  auto answers = transactor_.atomically([&](core::Tx& tx) -> core::Result<std::map<SessionId, Answer>> {
    std::map<SessionId, Answer> made;
    std::vector<const Session*> rotated;
    for (Whole& found : TRY(store_.lock_free(tx, ids))) {
      const SessionId id = found.session.id;
      auto plain = answer(std::move(found), *by_session.at(id));
      const Answer& kept = made[id] = std::move(plain.answer);
      if (plain.rotates) rotated.push_back(&(*kept)->session);
    }
    if (!rotated.empty()) TRY(store_.rotate(tx, rotated));
    return made;
  });
  if (answers) {
    for (auto& [id, answer] : *answers) by_session.at(id)->answer = std::move(answer);
  } else if (answers.error().code == core::Code::store_unavailable) {
    for (Presented* presented : all) presented->answer = std::unexpected(answers.error());
  }
}

// A refusal that is recorded is a value of the transaction, so that it is committed.
core::Result<Whole> Service::answer_alone(const Presented& presented) {
  return TRY(transactor_.atomically([&](core::Tx& tx) -> core::Result<core::Result<Whole>> {
    auto found = TRY(store_.lock(tx, presented.session()));
    if (!found) return core::Result<Whole>(core::fail(core::Code::refresh_invalid));
    auto plain = answer(*found, presented);
    if (!plain.answer) return TRY(answer_on_record(tx, std::move(*found), presented));
    if (plain.rotates) TRY(store_rotation(tx, (*plain.answer)->session));
    return *std::move(plain.answer);
  }));
}

std::optional<EndReason> Service::ended_by_clock(const Whole& found, const Presented& presented) const {
  if (presented.jumped) return std::nullopt;
  return expired(found.session, config_.lifetimes(found.roles, presented.now), presented.now);
}

Verdict Service::verdict_of(const Session& session, const Presented& presented) const {
  return judge(session.rotation, presented.token.generation, presented.family, presented.now, config_.refresh_rules());
}

Service::Plain Service::answer(Whole found, const Presented& presented) const {
  Session& session = found.session;
  if (!tokens::verify(presented.token, *presented.keys, presented.now, session.secret))
    return {Answer(core::fail(core::Code::refresh_invalid))};
  if (session.end) return {Answer(ended(session.end->reason))};
  if (ended_by_clock(found, presented)) return {};
  const Verdict verdict = verdict_of(session, presented);
  if (verdict != Verdict::rotate && verdict != Verdict::repeat) return {};
  const bool moves = session.ip_address != presented.origin.ip_address;
  if (verdict == Verdict::rotate && moves && presented.moves == Moves::alone) return {};
  if (verdict == Verdict::rotate) rotate(found, presented);
  return {Answer(std::move(found)), verdict == Verdict::rotate};
}

core::Result<core::Result<Whole>> Service::answer_on_record(core::Tx& tx, Whole found, const Presented& presented) {
  const Session& session = found.session;
  if (const auto reason = ended_by_clock(found, presented)) {
    TRY(expire(tx, session, *reason, config_.lifetimes(found.roles, presented.now), presented.origin));
    return core::Result<Whole>(ended(*reason));
  }
  const Verdict verdict = verdict_of(session, presented);
  if (verdict == Verdict::theft) return end_stolen(tx, session, presented);
  const bool late = verdict == Verdict::repeat_late;
  const auto* action = late ? "session.refresh_repeated_late" : "session.refresh_fast_forward";
  TRY(audit_.append(tx, {action, session.user.value, session.id.value}, presented.origin));
  if (late) return found;
  rotate(found, presented);
  TRY(store_rotation(tx, found.session));
  return found;
}

void Service::rotate(Whole& found, const Presented& presented) {
  Session& session = found.session;
  session.rotation = rotated(session.rotation, presented.token.generation, presented.family, presented.now);
  session.refreshed_at = presented.now;
  session.last_active_at = std::max(session.last_active_at, presented.now);
  if (session.ip_address == presented.origin.ip_address) return;
  found.address_before = std::exchange(session.ip_address, presented.origin.ip_address);
}

core::Result<> Service::store_rotation(core::Tx& tx, const Session& session) {
  const Session* one = &session;
  return store_.rotate(tx, {&one, 1});
}

core::Result<core::Result<Whole>> Service::end_stolen(core::Tx& tx, const Session& session,
                                                      const Presented& presented) {
  TRY(end(tx, session.user, session.id, EndReason::refresh_reuse, presented.origin));
  TRY(alarm_.refresh_reused(tx, session));
  return core::Result<Whole>(ended(EndReason::refresh_reuse));
}

}  // namespace sessions
