// Owns: the way on which changes travel between nodes in milliseconds.
// Does not own: that they arrive at all: the outbox does (change_store.h), the stream only makes it quick.
// Thread rule: publish() from any worker thread; the rest on the one thread that follows.
#pragma once
#include <span>

#include "changes/change.h"
#include "core/result.h"

namespace changes {

// Entries of one epoch are numbered without a gap; another epoch begins when the server of the stream forgot the old
// one.
struct Mark {
  std::string epoch;
  int64_t number = 0;
  bool operator==(const Mark&) const = default;
};

struct StreamEntry {
  std::string id;  // where to read on
  Mark mark;
  std::vector<Change> changes;  // none: a sign of life
  bool unknown = false;         // holds a change that this version does not know
};

// Behind the last entry that was read; no mark yet when there was none.
struct StreamPosition {
  std::string id;
  std::optional<Mark> last;
};

// Whether nothing can have been missed between the two.
inline bool follows(const std::optional<Mark>& last, const Mark& next) {
  return !last || (next.epoch == last->epoch && next.number == last->number + 1);
}

class Stream {
 public:
  virtual ~Stream() = default;
  // Returns once every node that follows can read it. Nothing to publish is a sign of life, left out when there was one
  // a moment ago. store_unavailable when the stream cannot be reached or its answer did not come.
  virtual core::Result<> publish(std::span<const Change> changes) = 0;
  // Connects anew and goes to the end as it is then.
  virtual core::Result<StreamPosition> join() = 0;
  // Everything behind `since`, waiting a moment when there is nothing yet; at most `most` entries.
  virtual core::Result<std::vector<StreamEntry>> read(const StreamPosition& since) = 0;
  // The policy by which the server of the stream may drop entries when its memory is full; empty when it drops none, or
  // does not tell. Any thread.
  virtual std::string eviction_policy() const { return {}; }
  static constexpr size_t most = 1000;
};

}  // namespace changes
