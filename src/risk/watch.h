// Owns: judging a sign-in by what is known of its user and its source, and remembering it.
// Does not own: the rules (rules.h), asking for more and refusing (login/), what a user does about it (not_me.h).
// Thread rule: worker threads, inside a Tx in which the caller has locked the user's row.
#pragma once
#include "audit/audit_store.h"
#include "mail/outbox.h"
#include "risk/familiar_store.h"
#include "risk/not_me.h"
#include "risk/risk_config.h"
#include "risk/traits.h"
#include "sessions/session_store.h"

namespace risk {

class Watch {
 public:
  struct Parts {
    FamiliarStore& familiar;
    sessions::Store& sessions;
    NotMe& not_me;
    audit::Store& audit;
    mail::Outbox& mail;
    const Places& places;
    const core::Clock& clock;
    const Config& config;
  };
  explicit Watch(const Parts& parts) : parts_(parts) {}

  // Whether a rule may do more than tell: only then need a sign-in be judged before its session is made.
  bool may_ask() const;
  // Of a sign-in of `user` that has proved what was asked so far.
  core::Result<Judgement> judge(core::Tx& tx, accounts::UserId user, const devices::Device& device,
                                const audit::Origin& origin);
  // Its session exists: it is remembered, put on record and told to its user, as `judgement` says.
  core::Result<> accept(core::Tx& tx, const accounts::User& user, const sessions::Session& session,
                        const Judgement& judgement, const audit::Origin& origin);
  // `session` was just refreshed, and its address changed from `before`.
  core::Result<> moved(core::Tx& tx, const accounts::User& user, const sessions::Session& session,
                       const std::string& before, const audit::Origin& origin);
  // Somebody tried to sign in to the account of this address, or to what would be one.
  core::Result<> note_try(core::Tx& tx, std::string_view email_key, const audit::Origin& origin);
  // So many wrong passwords came before the right one.
  core::Result<> note_failures(core::Tx& tx, accounts::UserId user, int64_t failures);
  // Removes up to `limit` of what is remembered for too long; how many.
  core::Result<int64_t> prune(core::Tx& tx, int64_t limit);

  const Rules& rules() const { return parts_.config.rules; }

 private:
  core::Result<std::vector<Trait>> familiar_to(core::Tx& tx, accounts::UserId user);
  core::Result<> tell(core::Tx& tx, const accounts::User& user, const sessions::Session& session,
                      const Judgement& judgement, const audit::Origin& origin);
  core::Result<std::optional<Seen>> last_seen(core::Tx& tx, accounts::UserId user);
  Parts parts_;
};

}  // namespace risk
