// Owns: what changed in the last while, so that a copy of what was read earlier can be judged.
// Does not own: hearing of changes (change_feed.h), or the copies (sessions/copies.h).
// Thread rule: any thread; each call holds one lock for less than a microsecond.
//
// A copy says which cursor its reader had reached before he read. Two kinds of changes may be missing from it: those
// numbered above the cursor's seq, and those of transactions at or above its txid, which may have committed late. The
// cursor's row must be known here, by its time too: in a database that went back another row may have its number.
#pragma once
#include <deque>
#include <mutex>
#include <unordered_map>

#include "changes/change_store.h"

namespace changes {

class RecentChanges {
 public:
  explicit RecentChanges(size_t most = 50'000) : most_(most) {}

  // Everything behind `floor` will be added: what it knows begins there. No effect while it knows something.
  void begin(const Cursor& floor);
  // Knows nothing any more.
  void forget();
  // Told of before its row came by, at `now` (Clock::boot()).
  void mention(const Change& change, core::Millis now);
  void add(const Row& row);  // again: no effect
  // A poll that was sent at `sent` is complete, and its rows were added.
  void polled(core::Millis sent, const Cursor& reached);

  // For a copy of what is read from now on.
  Cursor reached() const;
  // Whether nothing that concerns `user` has changed since, as far as this process was told; false when that is not
  // known any more.
  bool covers(const Cursor& copied, const core::Uuid& user) const;

 private:
  struct Latest {
    int64_t seq = 0, txid = 0;
  };
  bool knows(const Cursor& copied) const;
  bool unchanged(const Cursor& copied, const core::Uuid& key) const;
  void drop_oldest();

  const size_t most_;
  mutable std::mutex mutex_;
  bool blind_ = true;
  Cursor floor_, reached_;
  std::deque<Row> rows_;  // as they came
  std::unordered_map<int64_t, core::Time> times_;
  std::unordered_map<core::Uuid, Latest, core::UuidHash> latest_;
  std::unordered_map<core::Uuid, core::Millis, core::UuidHash> mentioned_;
};

}  // namespace changes
