// Owns: the check of an access token: is it ours, does its session live, what may its user do.
// Does not own: the HTTP form of question and answer (login/gate.h).
// Thread rule: find() on any thread, never blocks; check() on worker threads only.
#pragma once
#include "access/access_config.h"
#include "access/access_service.h"
#include "changes/change_feed.h"
#include "core/clock_guard.h"
#include "core/combiner.h"
#include "core/metrics.h"
#include "sessions/copies.h"
#include "sessions/near_cache.h"
#include "sessions/session_service.h"
#include "tokens/access_token.h"
#include "tokens/verified_cache.h"

namespace sessions {

// A request that may pass.
struct Admitted {
  accounts::UserId user;
  SessionId session;
  std::string roles;
  std::shared_ptr<const roles::PermissionSet> permissions;
  core::Time proofs_from;
  std::optional<accounts::UserId> impersonator = {};  // who acts in the name of `user`
};

// What a living session consists of, as the store has it now.
struct Living {
  Session session;
  accounts::User user;
  roles::Grants grants;
  Lifetimes lifetimes;
  std::optional<accounts::UserId> impersonator = {};
};

class Checker {
 public:
  struct Parts {
    core::Transactor& transactor;
    Store& sessions;
    Service& service;
    roles::Service& access;
    tokens::KeyRing& keys;
    tokens::VerifiedCache& verified;
    NearCache& near;
    changes::Feed& feed;
    const core::Clock& clock;
    const core::ClockGuard& guard;
    const tokens::Config& token_config;
    const Config& config;
    const roles::Config& access_config;
    core::Metrics& metrics;
    Copies* copies = nullptr;  // null: nodes make none for each other
  };
  explicit Checker(Parts parts);

  // From memory alone: calls visit(user, const Holder&, const Entry&) under a lock and returns its answer; false when
  // memory cannot tell (then check() decides) and never for a session that has ended. `received`: Clock::boot() of the
  // request.
  template <class F>
  bool find(std::string_view token, core::Millis received, F&& visit) {
    if (!parts_.feed.fresh(received) || parts_.guard.skewed()) return false;
    const core::Time now = parts_.clock.now();
    const auto verified =
        parts_.verified.find(parts_.verified.digest(token), parts_.keys.epoch(), core::to_millis(now) / 1000);
    if (!verified) return false;
    const accounts::UserId user{verified->user};
    return parts_.near.find(user, SessionId{verified->session}, [&](const Holder& holder, Entry& entry) {
      if (now >= holder.valid_until || !lives(entry, holder.lifetimes, now, received)) return false;
      if (!visit(user, holder, std::as_const(entry))) return false;
      parts_.near.touch(user, entry, now);
      hits_.add();
      return true;
    });
  }

  // As find, and asks other nodes' copies, then the store, where memory cannot tell. Errors: token_malformed,
  // token_invalid, token_expired, session_ended with its reason, account_disabled, permission_denied (reason = the
  // permission), store_unavailable, clock_skew.
  core::Result<Admitted> check(std::string_view token, core::Millis received,
                               const std::vector<std::string>& permissions = {});

  // The session, its user and grants from the store, but for one that impersonates remembered from now on with the text
  // that `describe` makes of them (when it is given). Errors as check().
  using Describe = std::function<std::unique_ptr<const MeText>(const Living&)>;
  core::Result<Living> load(accounts::UserId user, SessionId session, const Describe& describe = nullptr);

  // When the user of a token that passed check() had last proved who he is, as the token says: a copy of an older token
  // gains nothing by a proof that was given since. Long ago when that was taken back.
  core::Result<core::Time> authenticated_at(std::string_view token, const Admitted& admitted) const;

  // Whether the session is one of a user who is disabled now.
  core::Result<bool> is_of_disabled_user(SessionId session);

  // The session's text is made anew when next asked for: something in it changed that no other node must hear of.
  void forget_text(accounts::UserId user, SessionId session) {
    parts_.near.find(user, session, [](const Holder&, Entry& entry) { return entry.me = nullptr, true; });
  }

  // Writes the uses that only memory knows. store_unavailable keeps them for the next time.
  core::Result<> write_touches();

 private:
  bool lives(const Entry& entry, const Lifetimes& lifetimes, core::Time now, core::Millis boot) const {
    return parts_.guard.jumped(now, boot) ||
           !expired(entry.created_at, entry.last_active_at, entry.expires_at, lifetimes, now);
  }
  core::Result<tokens::VerifiedToken> verify(std::string_view token);
  core::Result<Admitted> admit(accounts::UserId user, SessionId session);
  std::optional<Admitted> admit_by(const Copy& copy, accounts::UserId user, uint64_t begun, core::Millis asked);
  core::Result<Living> keep(Living living, uint64_t begun, core::Time read_at, const Describe& describe);
  bool remember(uint64_t begun, accounts::UserId user, roles::Grants grants, core::Time read_at,
                const Lifetimes& lifetimes, Entry entry);
  void put_copies(std::span<const Whole> found, core::Time read_at, const changes::Cursor& seen);
  struct Wanted {
    SessionId session;
    bool copy_will_do = false;
    std::optional<Copy> copy = {};  // that may be believed; then the store was not asked
    core::Result<std::optional<Whole>> found = core::fail(core::Code::internal);
  };
  core::Result<Living> read(accounts::UserId user, SessionId session);
  core::Result<Living> judge(accounts::UserId user, std::optional<Whole> found);
  core::Result<std::optional<Whole>> find_whole(SessionId session);
  void find_together(std::span<Wanted* const> all);
  void find_copies(std::span<Wanted* const> all);
  void read_together(std::span<Wanted* const> all);
  core::Result<> refuse_expired(Living& living);
  core::Result<> find_impersonator(Living& living);
  core::Result<bool> may_impersonate(const Whole& impersonator);

  Parts parts_;
  // What is asked for at the same time is read by one statement.
  core::Combiner<Wanted> wanted_{lanes, most_at_once, [this](auto all) { find_together(all); }};
  core::Counter &hits_, &copied_, &misses_, &refused_, &discarded_;
  std::mutex unwritten_mutex_;
  std::vector<Touch> unwritten_;
};

}  // namespace sessions
