// Owns: rows of sessions.
// Does not own: their rules (session.h, refresh.h).
// Thread rule: any worker thread.
#pragma once
#include "access/role_store.h"
#include "core/unit_of_work.h"
#include "sessions/session.h"

namespace sessions {

struct Touch {
  SessionId id;
  core::Time at;
};

// Newest activity first; the page behind (last_active_at, id) of the last session of the page before.
struct Page {
  std::optional<std::pair<core::Time, SessionId>> after = {};
  int64_t limit = 100;
  bool own = false;  // without those by which another user impersonates him
};

// A session with its user and his roles, which one statement finds.
struct Whole {
  Session session;
  accounts::User user;
  roles::UserRoles roles;
  std::string address_before = {};  // of the session, when the refresh that found it came from another one
};

constexpr size_t most_at_once = 32;  // sessions that one call of find_whole or lock_free is asked for
constexpr size_t lanes = 2;          // such calls at once: one transaction is on its way while the next is filled

class Store {
 public:
  virtual ~Store() = default;
  // The caller holds the user's row locked and has compared its auth_epoch.
  virtual core::Result<> create(core::Tx& tx, const Session& session) = 0;
  virtual core::Result<std::optional<Session>> find(core::Tx& tx, SessionId id) = 0;
  // Those of `ids` that are there, in any order. There are 1 to `most_at_once`, and they differ.
  virtual core::Result<std::vector<Whole>> find_whole(core::Tx& tx, std::span<const SessionId> ids) = 0;
  // As find_whole, of one; ending and rotating wait for each other on the session's row.
  virtual core::Result<std::optional<Whole>> lock(core::Tx& tx, SessionId id) = 0;
  // As find_whole, but locked, and without those that another has locked: it waits for nobody.
  virtual core::Result<std::vector<Whole>> lock_free(core::Tx& tx, std::span<const SessionId> ids) = 0;
  // Sessions that have not ended; those that only the clock has ended are among them.
  virtual core::Result<std::vector<Session>> list(core::Tx& tx, accounts::UserId user, const Page& page) = 0;
  // Ends those of `user` that live: one, or all but `except`. The ids ended.
  virtual core::Result<std::vector<SessionId>> end(core::Tx& tx, accounts::UserId user, std::optional<SessionId> only,
                                                   std::optional<SessionId> except, EndReason reason) = 0;
  // Ends one that the clock has ended, if the database's clock agrees with `slack` to spare; false when it does not.
  virtual core::Result<bool> expire(core::Tx& tx, SessionId id, EndReason reason, const Lifetimes& lifetimes,
                                    core::Seconds slack) = 0;
  // Stores rotations of sessions that this transaction has locked, 1 to `most_at_once` that differ: their refresh
  // state, use and address. Nothing where one has ended or where its generation is not below the new one.
  virtual core::Result<> rotate(core::Tx& tx, std::span<const Session* const> sessions) = 0;
  // Stores authenticated_at and amr of a session that this transaction has locked. Nothing where it has ended.
  virtual core::Result<> authenticate(core::Tx& tx, const Session& session) = 0;
  // Of the living sessions of `user` but `except`, proofs before `from` do not count any more.
  virtual core::Result<> take_back_proofs(core::Tx& tx, accounts::UserId user, std::optional<SessionId> except,
                                          core::Time from) = 0;
  // last_active_at rises to `at`, never beyond the database's clock, where the session lives.
  virtual core::Result<> touch(core::Tx& tx, const std::vector<Touch>& touches) = 0;
  // Deletes at most `limit` sessions that ended, or passed their absolute expiry, before `before`; the number deleted.
  virtual core::Result<int64_t> prune(core::Tx& tx, core::Time before, int64_t limit) = 0;
  virtual core::Result<int64_t> count_live(core::Tx& tx) = 0;
};

}  // namespace sessions
