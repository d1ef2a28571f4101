#include "tokens/verified_cache.h"

#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>

namespace tokens {
namespace {

uint64_t word(const crypto::Digest128& digest, size_t at) {
  uint64_t value;
  std::memcpy(&value, digest.data() + at, sizeof value);
  return value;
}

}  // namespace

void VerifiedCache::Release::operator()(Slot* slots) const { std::free(slots); }

// calloc leaves pages that nobody wrote to unmapped: an idle server does not pay for the room.
VerifiedCache::VerifiedCache(int64_t entries, crypto::Random& random)
    : digest_(random),
      sets_(std::bit_ceil(static_cast<size_t>(entries) / ways)),
      slots_(static_cast<Slot*>(std::calloc(sets_ * ways, sizeof(Slot)))) {
  if (!slots_) throw std::bad_alloc();
}

VerifiedCache::Slot* VerifiedCache::set_of(const crypto::Digest128& digest) const {
  return &slots_[(word(digest, 0) & (sets_ - 1)) * ways];
}

std::mutex& VerifiedCache::lock_of(const crypto::Digest128& digest) const {
  return locks_[(word(digest, 0) & (sets_ - 1)) % shards].mutex;
}

std::optional<VerifiedToken> VerifiedCache::find(const crypto::Digest128& digest, uint32_t epoch,
                                                 int64_t now_seconds) const {
  const Slot* set = set_of(digest);
  const std::lock_guard lock(lock_of(digest));
  for (const Slot* slot = set; slot < set + ways; ++slot)
    if (slot->epoch == epoch && slot->digest == digest)
      return now_seconds < slot->token.expires_at ? std::optional(slot->token) : std::nullopt;
  return std::nullopt;
}

void VerifiedCache::add(const crypto::Digest128& digest, uint32_t epoch, const VerifiedToken& token) {
  Slot* set = set_of(digest);
  const std::lock_guard lock(lock_of(digest));
  Slot* place = set;
  for (Slot* slot = set; slot < set + ways; ++slot) {
    if (slot->epoch != epoch || slot->digest == digest) {
      place = slot;
      break;
    }
    if (slot->token.expires_at < place->token.expires_at) place = slot;
  }
  *place = {digest, token, epoch};
}

}  // namespace tokens
