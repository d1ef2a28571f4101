#include "audit/notary.h"

#include <algorithm>

namespace audit {

using core::Result;

Result<bool> Notary::seal() {
  const auto found = TRY(look());
  if (!found) return false;
  const bool due = unsigned_ > 0 && found->standing.now - signed_at_ >= sign_after;
  if (!found->records.empty() || (due && found->standing.last.number > 0)) TRY(write(*found));
  resume_ = found->next;
  return resume_.has_value();
}

// Absent while another node seals.
Result<std::optional<Notary::Found>> Notary::look() {
  return parts_.transactor.reading([&](core::Tx& tx) -> Result<std::optional<Found>> {
    Found found{.standing = TRY(parts_.seals.standing(tx)), .records = {}, .next = {}};
    const Seal& last = found.standing.last;
    if (last.number != number_) {
      if (last.number > 0 && found.standing.now - last.at < lease) return std::nullopt;
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

// What a node that did not make the last seal must know: which events of the last quarter of an hour are sealed.
Result<> Notary::recall(core::Tx& tx, const Standing& standing) {
  sealed_.clear();
  core::Time newest{};
  const auto since = TRY(parts_.seals.last_before(tx, standing.last.at - 2 * far));
  for (int64_t number = since; number < standing.last.number;) {
    const auto seals = TRY(parts_.seals.list(tx, number, 100));
    if (seals.empty()) break;
    for (const Seal& seal : seals)
      for (const Leaf& leaf : seal.leaves) {
        sealed_.insert(leaf.event);
        newest = std::max(newest, time_of(leaf.event));
      }
    number = seals.back().number;
  }
  number_ = standing.last.number;
  resume_ = least_id(newest == core::Time{} ? newest : newest - far);
  unsigned_ = 1;
  return {};
}

core::Uuid Notary::begin_of(const Standing& standing) {
  if (resume_) return *resume_;
  const core::Millis now = parts_.clock.boot();
  const bool far_due = !looked_far_ || now - *looked_far_ >= far_every;
  if (far_due) looked_far_ = now;
  return least_id(standing.now - (far_due ? far : near));
}

Result<> Notary::write(const Found& found) {
  std::vector<Leaf> leaves;
  for (const Record& record : found.records) leaves.push_back({record.id, digest_of(record)});
  Seal seal = next_seal(found.standing.last, found.standing.now, std::move(leaves));
  const int64_t waiting = unsigned_ + std::ssize(seal.leaves);
  const bool sign = waiting >= sign_every || seal.at - signed_at_ >= sign_after;
  if (sign) seal.signature = TRY(parts_.key.sign(signed_bytes(seal)));
  TRY(parts_.transactor.atomically([&](core::Tx& tx) { return parts_.seals.append(tx, seal); }));
  number_ = seal.number;
  unsigned_ = sign ? 0 : waiting;
  if (sign) signed_at_ = seal.at;
  for (const Leaf& leaf : seal.leaves) sealed_.insert(leaf.event);
  if (!resume_) sealed_.erase(sealed_.begin(), sealed_.lower_bound(least_id(seal.at - 2 * far)));
  return {};
}

Result<int64_t> Notary::prune(core::Tx& tx, core::Time before, int64_t limit) {
  auto seals = TRY(parts_.seals.list(tx, 0, limit));
  const auto standing = TRY(parts_.seals.standing(tx));
  const auto kept = [&](const Seal& seal) { return seal.at >= before || seal.number == standing.last.number; };
  seals.erase(std::ranges::find_if(seals, kept), seals.end());
  if (seals.empty()) return 0;
  TRY(parts_.seals.remove(tx, seals));
  TRY(parts_.audit.append(tx, {.action = std::string(pruned), .detail = std::to_string(seals.back().number)}, {}));
  return std::ssize(seals);
}

}  // namespace audit
