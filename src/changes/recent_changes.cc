#include "changes/recent_changes.h"

#include <algorithm>
#include <utility>

namespace changes {

void RecentChanges::begin(const Cursor& floor) {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(blind_, false)) return;
  floor_ = floor;
  rows_.clear();
  times_.clear();
  latest_.clear();
}

void RecentChanges::forget() {
  const std::lock_guard lock(mutex_);
  blind_ = true;
}

void RecentChanges::mention(const Change& change, core::Millis now) {
  const std::lock_guard lock(mutex_);
  mentioned_[change.key] = now;
}

void RecentChanges::add(const Row& row) {
  const std::lock_guard lock(mutex_);
  if (!times_.emplace(row.seq, row.at).second) return;
  rows_.push_back(row);
  Latest& latest = latest_[row.change.key];
  latest = {std::max(latest.seq, row.seq), std::max(latest.txid, row.txid)};
  if (rows_.size() > most_) drop_oldest();
}

// Copies that may not know of it are not believed any more.
void RecentChanges::drop_oldest() {
  const Row& row = rows_.front();
  if (row.seq > floor_.seq) floor_ = {.seq = row.seq, .txid = floor_.txid, .at = row.at};
  floor_.txid = std::max(floor_.txid, row.txid + 1);
  times_.erase(row.seq);
  const auto latest = latest_.find(row.change.key);
  if (latest != latest_.end() && latest->second.seq <= floor_.seq && latest->second.txid < floor_.txid)
    latest_.erase(latest);
  rows_.pop_front();
}

void RecentChanges::polled(core::Millis sent, const Cursor& reached) {
  const std::lock_guard lock(mutex_);
  reached_ = reached;
  std::erase_if(mentioned_, [&](const auto& one) { return one.second < sent; });
}

Cursor RecentChanges::reached() const {
  const std::lock_guard lock(mutex_);
  return reached_;
}

bool RecentChanges::covers(const Cursor& copied, const core::Uuid& user) const {
  const std::lock_guard lock(mutex_);
  return !blind_ && knows(copied) && unchanged(copied, user) && unchanged(copied, Change{}.key);
}

bool RecentChanges::knows(const Cursor& copied) const {
  if (copied.seq == 0 || copied.seq < floor_.seq || copied.txid < floor_.txid) return false;
  if (copied.seq == floor_.seq) return copied.at == floor_.at;
  const auto row = times_.find(copied.seq);
  return row != times_.end() && row->second == copied.at;
}

bool RecentChanges::unchanged(const Cursor& copied, const core::Uuid& key) const {
  if (mentioned_.contains(key)) return false;
  const auto latest = latest_.find(key);
  if (latest == latest_.end()) return true;
  const bool late = latest->second.txid > 0 && latest->second.txid >= copied.txid;
  return latest->second.seq <= copied.seq && !late;
}

}  // namespace changes
