// An invitations::InvitationStore in memory. Give `rows` to FakeTransactor::track().
#pragma once
#include <algorithm>
#include <map>

#include "invitations/invitation_store.h"

namespace test {

class FakeInvitations final : public invitations::InvitationStore {
 public:
  using Invitation = invitations::Invitation;
  std::map<crypto::Digest256, Invitation> rows;

  core::Result<> create(core::Tx&, const crypto::Digest256& token, const Invitation& invitation) override {
    std::erase_if(rows, [&](const auto& row) { return row.second.email_key == invitation.email_key; });
    rows.emplace(token, invitation);
    return {};
  }
  core::Result<std::optional<Invitation>> find(core::Tx&, const crypto::Digest256& token) override {
    const auto at = rows.find(token);
    return at == rows.end() ? std::nullopt : std::optional(at->second);
  }
  core::Result<bool> consume(core::Tx&, const crypto::Digest256& token) override { return rows.erase(token) == 1; }
  core::Result<std::vector<Invitation>> list(core::Tx&, core::Time now, const invitations::Page& page) override {
    std::vector<Invitation> found;
    for (const auto& [token, one] : rows)
      if (one.expires_at > now && (!page.after || one.id < *page.after)) found.push_back(one);
    std::ranges::sort(found, std::greater{}, &Invitation::id);
    if (std::ssize(found) > page.limit) found.resize(static_cast<size_t>(page.limit));
    return found;
  }
  core::Result<bool> remove(core::Tx&, invitations::InvitationId id, core::Time now) override {
    return std::erase_if(rows, [&](const auto& row) { return row.second.id == id && row.second.expires_at > now; }) ==
           1;
  }
  core::Result<int64_t> prune(core::Tx&, core::Time before, int64_t limit) override {
    int64_t removed = 0;
    std::erase_if(rows,
                  [&](const auto& row) { return row.second.expires_at < before && removed < limit && ++removed; });
    return removed;
  }
};

}  // namespace test
