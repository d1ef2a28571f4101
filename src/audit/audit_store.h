// Owns: the append-only record of events.
// Does not own: the effect that an event tells of: it is written in the same Tx.
// Thread rule: any worker thread.
#pragma once
#include "audit/event.h"
#include "core/unit_of_work.h"

namespace audit {

// Absent fields let everything pass.
struct Filter {
  std::optional<core::Uuid> subject, actor, session;  // `session` as in Event: that it happened to
  std::optional<std::string> action, ip_address;
  std::vector<std::string> actions = {};   // one of them; empty: any
  std::optional<core::Uuid> from, before;  // ids, which are ordered by time; `before` itself is left out
  int64_t limit = 100;
};

struct Page {
  std::vector<Record> records;     // newest first
  std::optional<core::Uuid> next;  // Filter::before of the next page; absent when this is the last
};

class Store {
 public:
  virtual ~Store() = default;
  virtual core::Result<> append(core::Tx& tx, const Event& event, const Origin& origin) = 0;
  // Reads so much at a time, whatever it looks for: a page may be short, or empty, and not the last.
  virtual core::Result<Page> list(core::Tx& tx, const Filter& filter) = 0;
};

}  // namespace audit
