#include "sessions/near_cache.h"

#include <algorithm>

namespace sessions {
void NearCache::touch(accounts::UserId user, Entry& entry, core::Time now) {
  if (now - entry.last_active_at < core::Seconds(1)) return;
  entry.last_active_at = now;
  if (!std::exchange(entry.dirty, true)) shard_of(user).dirty.emplace_back(user, entry.session);
}

uint64_t NearCache::begin_fill(accounts::UserId user) {
  Shard& shard = shard_of(user);
  const std::lock_guard lock(shard.mutex);
  return shard.sequence;
}

bool NearCache::fill(uint64_t begun, accounts::UserId user, const roles::Grants& grants, const Lifetimes& lifetimes,
                     Entry entry) {
  Shard& shard = shard_of(user);
  const std::lock_guard lock(shard.mutex);
  if (shard.sequence != begun) return false;
  make_room(shard);
  Holder& holder = shard.holders[user];
  std::string roles = roles::join(grants.roles);
  // The texts of all his sessions tell of them: an assignment that expired must not be shown on.
  if (holder.roles != roles || holder.permissions != grants.permissions)
    for (Entry& other : holder.entries) other.me = nullptr;
  holder.roles = std::move(roles);
  holder.permissions = grants.permissions;
  holder.lifetimes = lifetimes;
  holder.valid_until = grants.valid_until.value_or(core::Time::max());
  const auto held = std::ranges::find(holder.entries, entry.session, &Entry::session);
  if (held != holder.entries.end()) {
    held->expires_at = entry.expires_at;
    held->proofs_from = entry.proofs_from;
    if (entry.me) held->me = std::move(entry.me);
    return true;
  }
  holder.entries.push_back(std::move(entry));
  ++shard.entries;
  return true;
}

void NearCache::forget(Shard& shard, const Holder& holder) {
  for (const Entry& entry : holder.entries)
    if (entry.dirty) shard.orphans.push_back({entry.session, entry.last_active_at});
  shard.entries -= holder.entries.size();
}

void NearCache::make_room(Shard& shard) {
  while (shard.entries >= shard_capacity_ && !shard.holders.empty()) {
    const size_t bucket = shard.hand++ % shard.holders.bucket_count();
    const auto victim = shard.holders.begin(bucket);
    if (victim == shard.holders.end(bucket)) continue;
    forget(shard, victim->second);
    shard.holders.erase(shard.holders.find(victim->first));
  }
}

void NearCache::drop(accounts::UserId user) {
  Shard& shard = shard_of(user);
  const std::lock_guard lock(shard.mutex);
  ++shard.sequence;
  const auto held = shard.holders.find(user);
  if (held == shard.holders.end()) return;
  forget(shard, held->second);
  shard.holders.erase(held);
}

void NearCache::drop_all() {
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    ++shard.sequence;
    for (const auto& [user, holder] : shard.holders) forget(shard, holder);
    shard.holders.clear();
  }
}

std::vector<Touch> NearCache::take_touches() {
  std::vector<Touch> touches;
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    std::ranges::move(std::exchange(shard.orphans, {}), std::back_inserter(touches));
    for (const auto& [user, session] : std::exchange(shard.dirty, {})) {
      const auto holder = shard.holders.find(user);
      if (holder == shard.holders.end()) continue;
      for (Entry& entry : holder->second.entries)
        if (entry.session == session && std::exchange(entry.dirty, false))
          touches.push_back({session, entry.last_active_at});
    }
  }
  return touches;
}

size_t NearCache::size() const {
  size_t total = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    total += shard.entries;
  }
  return total;
}

}  // namespace sessions
