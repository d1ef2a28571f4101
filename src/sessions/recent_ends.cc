#include "sessions/recent_ends.h"

namespace sessions {

void RecentEnds::add(const RecentEnd& end) {
  const std::lock_guard lock(mutex_);
  while (!ends_.empty() && ends_.front().at + kept <= end.at) ends_.pop_front();
  if (ends_.size() == most) {
    dropped_ = ends_.front().at;
    ends_.pop_front();
  }
  ends_.push_back(end);
}

RecentEnds::Kept RecentEnds::at(core::Millis now) const {
  const std::lock_guard lock(mutex_);
  Kept found{.ends = {}, .complete = !dropped_ || *dropped_ + kept <= now};
  for (const RecentEnd& end : ends_)
    if (end.at + kept > now) found.ends.push_back(end);
  return found;
}

}  // namespace sessions
