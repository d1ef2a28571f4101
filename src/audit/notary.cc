#include "audit/notary.h"

#include <algorithm>

#include "crypto/base64url.h"

namespace audit {

using core::Result, crypto::least_uuid7, crypto::time_of;

Result<bool> Notary::seal() {
  const auto found = TRY(look());
  if (!found) return false;
  TRY(notice_loss(found->standing.last));
  if (!found->records.empty()) TRY(write(*found));
  resume_ = found->next;
  if (!resume_) looked_ = found->standing.now;
  return resume_.has_value();
}

// Absent while another node seals.
Result<std::optional<Notary::Found>> Notary::look() {
  return parts_.transactor.reading([&](core::Tx& tx) -> Result<std::optional<Found>> {
    Found found{.standing = TRY(parts_.seals.standing(tx)), .records = {}, .next = {}};
    const Seal& last = found.standing.last;
    if (last.number != number_) {
      const auto age = found.standing.now - last.at;  // negative when a clock was set back
      if (last.number > 0 && age >= core::Millis(0) && age < lease) return std::nullopt;
      TRY(recall(tx, found.standing));
    }
    const core::Uuid from = begin_of(found.standing);
    const auto ids = TRY(parts_.seals.ids(tx, from, batch));
    if (std::ssize(ids) == batch) found.next = ids.back();
    const auto unsealed = [&](const core::Uuid& id) { return !sealed_.contains(id); };
    const auto first = std::ranges::find_if(ids, unsealed);
    if (first == ids.end()) return found;
    found.records = TRY(parts_.seals.events(tx, first == ids.begin() ? from : *std::prev(first), ids.end() - first));
    std::erase_if(found.records, [&](const Record& record) { return !unsealed(record.id); });
    return found;
  });
}

// What a node that did not make the last seal must know: which events are sealed, of the half hour before it at least.
Result<> Notary::recall(core::Tx& tx, const Standing& standing) {
  const Seal& last = standing.last;
  sealed_.clear();
  floor_ = {};
  resume_ = least_uuid7(last.number > 0 ? std::min(last.at, standing.now) - far : core::Time{});
  for (int64_t upto = last.number; upto > 0;) {
    const int64_t from = std::max<int64_t>(0, upto - 50);
    const auto seals = TRY(parts_.seals.list(tx, from, upto - from));
    if (seals.empty()) break;
    for (const Seal& seal : seals)
      for (const Leaf& leaf : seal.leaves) sealed_.insert(leaf.event);
    // It was made while old events were being sealed, which goes on behind it.
    if (upto == last.number && std::ssize(seals.back().leaves) == batch)
      resume_ = std::min(*resume_, seals.back().leaves.back().event);
    upto = from;
    if (upto == 0 || sealed_.size() < most_known || seals.front().at > last.at - 2 * far) continue;
    floor_ = seals.front().at + far;
    break;
  }
  number_ = last.number;
  return {};
}

core::Uuid Notary::begin_of(const Standing& standing) {
  if (resume_) return *resume_;
  const core::Millis now = parts_.clock.boot();
  const bool far_due = !looked_far_ || now - *looked_far_ >= far_every;
  if (far_due) looked_far_ = now;
  // A clock that was set on, or a node that slept, leaves nothing out.
  const core::Time from = std::min(standing.now, looked_.value_or(standing.now)) - (far_due ? far : near);
  return least_uuid7(std::max(from, floor_));
}

// A database that failed over may have lost its last seals, and somebody may have removed them: it cannot be told
// apart, so it is recorded, and named by the verifier.
Result<> Notary::notice_loss(const Seal& last) {
  const bool lost = last.number < seen_.number || (last.number == seen_.number && last.head != seen_.head);
  if (lost) {
    const std::string which =
        std::to_string(std::min(last.number + 1, seen_.number)) + " to " + std::to_string(seen_.number);
    TRY(parts_.transactor.atomically([&](core::Tx& tx) {
      return parts_.audit.append(tx, {.action = std::string(seals_lost), .detail = which}, {});
    }));
  }
  seen_ = last;
  return {};
}

Result<> Notary::write(const Found& found) {
  std::vector<Leaf> leaves;
  for (const Record& record : found.records) leaves.push_back({record.id, digest_of(record)});
  const Seal& last = found.standing.last;
  Seal seal = next_seal(last, std::max(last.at, found.standing.now), std::move(leaves));
  seal.signature = TRY(parts_.key.sign(signed_bytes(seal)));
  TRY(parts_.transactor.atomically([&](core::Tx& tx) { return parts_.seals.append(tx, seal); }));
  number_ = seal.number;
  for (const Leaf& leaf : seal.leaves) sealed_.insert(leaf.event);
  while (sealed_.size() > most_known && time_of(*sealed_.begin()) < seal.at - 2 * far) {
    floor_ = std::max(floor_, time_of(*sealed_.begin()) + core::Millis(1));
    sealed_.erase(sealed_.begin());
  }
  seal.leaves.clear();
  seen_ = std::move(seal);
  return {};
}

Result<int64_t> Notary::prune(core::Tx& tx, core::Time before, int64_t limit) {
  const auto standing = TRY(parts_.seals.standing(tx));
  std::vector<Seal> old;
  int64_t rows = 0;
  while (rows < limit) {
    auto next = TRY(parts_.seals.list(tx, old.empty() ? 0 : old.back().number, 1));
    if (next.empty() || next[0].at >= before || next[0].number == standing.last.number) break;
    rows += 1 + std::ssize(next[0].leaves);
    old.push_back(std::move(next[0]));
  }
  if (old.empty()) return 0;
  TRY(parts_.seals.remove(tx, old));
  const int64_t number = old.back().number;
  const auto signature = TRY(parts_.key.sign(pruned_bytes(number)));
  const std::string detail = std::to_string(number) + ' ' + crypto::base64url_encode(signature);
  TRY(parts_.audit.append(tx, {.action = std::string(pruned), .detail = detail}, {}));
  return std::min(rows, limit);
}

}  // namespace audit
