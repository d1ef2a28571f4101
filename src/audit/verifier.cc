#include "audit/verifier.h"

#include <charconv>

#include "audit/notary.h"
#include "crypto/base64url.h"

namespace audit {
namespace {

using core::Result, crypto::time_of;

constexpr size_t most_findings = 100;
constexpr int64_t batch = 5000, seals_at_once = 200;

std::string name_of(const Seal& seal) { return "seal " + std::to_string(seal.number); }

}  // namespace

Result<Report> Verifier::run(core::Tx& tx, const std::optional<std::pair<int64_t, crypto::Digest256>>& known) {
  known_ = known;
  Seal before;
  for (bool more = true; more;) {
    auto seals = TRY(store_.list(tx, before.number, seals_at_once));
    more = !seals.empty();
    for (Seal& seal : seals) {
      check_chain(seal, before);
      TRY(check_events(tx, seal));
      compare(seal);
      before = std::move(seal);
    }
  }
  if (known && !compared_)
    find("seal " + std::to_string(known->first) + ", whose head was noted, is missing, and could not be compared");
  // The lesser: a clock may have been ahead, and old events may be being sealed.
  if (before.number > 0) newest_ = std::min(newest_, before.at);
  TRY(check_rest(tx));
  check_beginning();
  before.leaves.clear();
  report_.last = std::move(before);
  return std::move(report_);
}

void Verifier::check_chain(const Seal& seal, const Seal& before) {
  ++report_.seals;
  if (report_.first_number == 0) {
    report_.first_number = seal.number;
  } else {
    if (seal.number != before.number + 1) find("before " + name_of(seal) + " seals are missing");
    if (seal.before != before.head) find(name_of(seal) + " does not follow the one before it");
  }
  if (seal.number == 1 && seal.before != crypto::Digest256{}) find("seal 1 is not the first of its chain");
  if (head_of(seal) != seal.head) find(name_of(seal) + " was changed");
  if (!key_.verify(signed_bytes(seal), seal.signature))
    find(name_of(seal) + " is not signed by the key of this keys.master");
  if (!seal.leaves.empty() && seal.at - time_of(seal.leaves.front().event) > Notary::far) ++report_.late;
}

// Also by the seal behind it, when it was removed in time itself.
void Verifier::compare(const Seal& seal) {
  if (!known_ || (seal.number != known_->first && seal.number != known_->first + 1)) return;
  const auto& head = seal.number == known_->first ? seal.head : seal.before;
  if (!compared_ && head != known_->second)
    find("seal " + std::to_string(known_->first) + " has another head than was noted");
  compared_ = true;
}

Result<> Verifier::check_events(core::Tx& tx, const Seal& seal) {
  for (const Leaf& leaf : seal.leaves) {
    auto found = open_.find(leaf.event);
    while (found == open_.end() && read_ < leaf.event && TRY(read_more(tx))) found = open_.find(leaf.event);
    if (found == open_.end()) {
      find("event " + leaf.event.str() + " of " + name_of(seal) + " is missing");
      continue;
    }
    if (found->second != leaf.digest) find("event " + leaf.event.str() + " of " + name_of(seal) + " was changed");
    if (const auto loss = losses_.find(leaf.event); loss != losses_.end() && (!known_ || seal.number > known_->first))
      find("seals " + loss->second + " were lost before " + name_of(seal) + " was made");
    open_.erase(found);
    newest_ = std::max(newest_, time_of(leaf.event));
    ++report_.events;
  }
  return {};
}

// False at the end.
Result<bool> Verifier::read_more(core::Tx& tx) {
  if (all_read_) return false;
  const auto records = TRY(store_.events(tx, read_, batch));
  for (const Record& record : records) {
    open_.emplace(record.id, digest_of(record));
    if (record.event.action == seals_lost) losses_.emplace(record.id, record.event.detail);
    if (record.event.action != pruned) continue;
    pruned_ = std::max(pruned_, removed_by(record.event.detail));
  }
  if (!records.empty()) read_ = records.back().id;
  all_read_ = std::ssize(records) < batch;
  return !records.empty();
}

// The number up to which seals were removed; 0 when the key of this keys.master did not sign it.
int64_t Verifier::removed_by(std::string_view detail) const {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(detail.data(), detail.data() + detail.size(), number);
  detail.remove_prefix(std::min(static_cast<size_t>(end - detail.data()) + 1, detail.size()));
  const auto signature = crypto::base64url_decode(detail);
  return signature && key_.verify(pruned_bytes(number), *signature) ? number : 0;
}

// What no seal names is younger than what was sealed last, or came there afterwards.
Result<> Verifier::check_rest(core::Tx& tx) {
  while (TRY(read_more(tx))) continue;
  for (const auto& [id, digest] : open_) {
    if (time_of(id) < newest_ - Notary::far) find("event " + id.str() + " is in no seal");
    else ++report_.unsealed;
  }
  return {};
}

void Verifier::check_beginning() {
  if (report_.first_number > 1 && report_.first_number != pruned_ + 1)
    find("the seals before " + std::to_string(report_.first_number) + " are missing, and it is not on record why");
}

void Verifier::find(std::string sentence) {
  if (report_.findings.size() < most_findings) report_.findings.push_back(std::move(sentence));
}

}  // namespace audit
