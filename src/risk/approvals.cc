#include "risk/approvals.h"

#include <algorithm>

#include "mail/templates.h"

namespace risk {
namespace {

using core::Code, core::Result;

constexpr core::Millis window = std::chrono::hours(1);  // within which a user is asked in vain so often

bool waits(const Approval& approval, core::Time now) {
  return approval.state == ApprovalState::waiting && approval.expires_at > now;
}

}  // namespace

Result<bool> Approvals::possible(core::Tx& tx, accounts::UserId user) {
  if (TRY(parts_.sessions.list(tx, user, {.limit = 1, .own = true})).empty()) return false;
  const auto asked = TRY(parts_.approvals.list(tx, user, parts_.clock.now() - window));
  return std::ranges::count_if(asked, [](const Approval& one) { return one.state != ApprovalState::approved; }) <
         parts_.config.approvals_in_vain;
}

Result<std::string> Approvals::ask(core::Tx& tx, const accounts::User& user, const crypto::Secret& token,
                                   core::Seconds life, const devices::Device& device, const audit::Origin& origin) {
  const core::Time now = parts_.clock.now();
  const Approval approval{.id = parts_.random.id<ApprovalId>(now),
                          .user = user.id,
                          .token = crypto::sha256(token.bytes()),
                          .number = std::to_string(10 + parts_.random.below(90)),
                          .device = device.name.value_or(""),
                          .ip_address = origin.ip_address,
                          .at = now,
                          .expires_at = now + life};
  TRY(parts_.approvals.create(tx, approval));
  TRY(parts_.audit.append(tx, {"login.approval_asked", user.id.value, {}, approval.id.str()}, origin));
  TRY(parts_.mail.enqueue(
      tx, mail::approval_asked(parts_.mail.letterhead(), user.email, approval.device, approval.ip_address, now),
      approval.expires_at));
  return approval.number;
}

Result<std::optional<Approval>> Approvals::find(core::Tx& tx, const crypto::Secret& token) {
  return parts_.approvals.find(tx, crypto::sha256(token.bytes()));
}

Result<std::vector<Approval>> Approvals::list(accounts::UserId user) {
  const core::Time now = parts_.clock.now();
  auto all =
      TRY(parts_.transactor.reading([&](core::Tx& tx) { return parts_.approvals.list(tx, user, now - window); }));
  std::erase_if(all, [&](const Approval& one) { return !waits(one, now); });
  return all;
}

Result<Approval> Approvals::get(core::Tx& tx, accounts::UserId user, ApprovalId id) {
  const core::Time now = parts_.clock.now();
  for (auto& one : TRY(parts_.approvals.list(tx, user, now - window)))
    if (one.id == id && waits(one, now)) return std::move(one);
  return core::fail(Code::not_found);
}

Result<> Approvals::decide(core::Tx& tx, const Approval& approval, ApprovalState state, const audit::Origin& origin) {
  if (!TRY(parts_.approvals.decide(tx, approval.id, state))) return core::fail(Code::not_found);
  const std::string action = "login." + std::string(core::to_text(state));
  return parts_.audit.append(tx, {action, approval.user.value, {}, approval.id.str()}, origin);
}

// A wrong number is a value of the transaction, so that the denial is committed.
Result<> Approvals::approve(accounts::UserId user, ApprovalId id, std::string_view number,
                            const audit::Origin& origin) {
  return TRY(parts_.transactor.atomically([&](core::Tx& tx) -> Result<Result<>> {
    const auto approval = TRY(get(tx, user, id));
    const bool right = approval.number == number;
    TRY(decide(tx, approval, right ? ApprovalState::approved : ApprovalState::denied, origin));
    return right ? Result<>{} : Result<>(core::fail(Code::approval_number_wrong));
  }));
}

Result<> Approvals::deny(accounts::UserId user, ApprovalId id, const audit::Origin& origin) {
  return parts_.transactor.atomically(
      [&](core::Tx& tx) -> Result<> { return decide(tx, TRY(get(tx, user, id)), ApprovalState::denied, origin); });
}

Result<int64_t> Approvals::prune(core::Tx& tx, int64_t limit) {
  return parts_.approvals.prune(tx, parts_.clock.now() - window, limit);
}

}  // namespace risk
