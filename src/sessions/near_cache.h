// Owns: living sessions in memory, by user, and their uses that are not written yet.
// Does not own: when it may be trusted (changes::Feed::fresh), or how it is filled (checker.h).
// Thread rule: any thread; each call holds one shard's lock for less than a microsecond.
//
// A fill never overtakes a change: it notes its shard's sequence before it reads the store, and is discarded when a
// change moved the sequence meanwhile, also when that change had nothing to drop.
#pragma once
#include <mutex>
#include <unordered_map>

#include "access/grants.h"
#include "sessions/session_store.h"

namespace sessions {

// The texts of GET /auth/me that do not change with a use; made when first asked for.
struct MeText {
  std::string user;                        // "user":{…},"roles":[…],"permissions":[…]
  std::string session_start, session_end;  // around the value of lastActive
};

// What is held of one session.
struct Entry {
  SessionId session;
  core::Time created_at, expires_at, last_active_at, proofs_from;
  bool dirty = false;  // the store does not know of the last use yet
  std::unique_ptr<const MeText> me;
};

// What is held of one user, shared by his sessions.
struct Holder {
  std::string roles;  // as X-Usher-Roles shows them
  std::shared_ptr<const roles::PermissionSet> permissions;
  core::Time valid_until = core::Time::max();  // an assignment expires then
  Lifetimes lifetimes;                         // of his sessions
  std::vector<Entry> entries;
};

class NearCache {
 public:
  explicit NearCache(int64_t capacity) : shard_capacity_(static_cast<size_t>(capacity) / shard_count + 1) {}

  // Calls visit(const Holder&, Entry&) under the shard's lock when the session is held and returns its
  // answer; false otherwise.
  template <class F>
  bool find(accounts::UserId user, SessionId session, F&& visit) {
    Shard& shard = shard_of(user);
    const std::lock_guard lock(shard.mutex);
    const auto holder = shard.holders.find(user);
    if (holder == shard.holders.end()) return false;
    for (Entry& entry : holder->second.entries)
      if (entry.session == session) return visit(std::as_const(holder->second), entry);
    return false;
  }

  // Marks a use; called from inside find()'s visit.
  void touch(accounts::UserId user, Entry& entry, core::Time now);

  // To be read before the store is; handed back with what was read.
  uint64_t begin_fill(accounts::UserId user);
  // False when a change came between: then nothing is stored, and what was read may be out of date.
  bool fill(uint64_t begun, accounts::UserId user, const roles::Grants& grants, const Lifetimes& lifetimes,
            Entry entry);

  void drop(accounts::UserId user);
  void drop_all();

  // Uses that the store does not know of yet; they count as written.
  std::vector<Touch> take_touches();

  size_t size() const;

 private:
  static constexpr size_t shard_count = 64;
  struct alignas(64) Shard {
    mutable std::mutex mutex;
    std::unordered_map<accounts::UserId, Holder, core::UuidHash> holders;
    size_t entries = 0;
    uint64_t sequence = 0;
    size_t hand = 0;  // the bucket that is emptied next when the shard is full
    std::vector<std::pair<accounts::UserId, SessionId>> dirty;
    std::vector<Touch> orphans;  // unwritten uses of entries that were dropped
  };
  Shard& shard_of(accounts::UserId user) { return shards_[user.value.bytes[15] % shard_count]; }
  static void forget(Shard& shard, const Holder& holder);
  void make_room(Shard& shard);

  const size_t shard_capacity_;
  std::array<Shard, shard_count> shards_;
};

}  // namespace sessions
