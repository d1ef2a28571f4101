// Owns: use cases of sessions: create, list, end, refresh.
// Does not own: authenticating the user (login/), the check of a request (checker.h).
// Thread rule: any worker thread; methods that take a Tx only inside it.
#pragma once
#include "audit/audit_store.h"
#include "changes/outbox.h"
#include "core/clock_guard.h"
#include "core/lanes.h"
#include "crypto/random.h"
#include "sessions/recent_ends.h"
#include "sessions/session_config.h"
#include "sessions/session_store.h"
#include "tokens/key_ring.h"
#include "tokens/refresh_token.h"

namespace sessions {

// A session and the refresh token that was issued for it.
struct Issued {
  Session session;
  crypto::Secret refresh_token;
};

// What a refresh found or made, and the refresh token that answers it.
struct Refreshed : Whole {
  crypto::Secret refresh_token;
};

// Told in the transaction that ends a session whose refresh token was stolen.
class Alarm {
 public:
  virtual ~Alarm() = default;
  virtual core::Result<> refresh_reused(core::Tx& tx, const Session& session) = 0;
};

// What becomes of a refresh from another address than the session's last.
enum class Moves { together, alone };

struct Impersonation {
  SessionId by;  // the session of who begins it
  core::Seconds life{};
  std::string reason;  // for the record
};

class Service {
 public:
  Service(core::Transactor& transactor, Store& store, audit::Store& audit, changes::Outbox& outbox,
          tokens::KeyRing& keys, Alarm& alarm, crypto::Random& random, const core::Clock& clock,
          const core::ClockGuard& guard, const Config& config)
      : transactor_(transactor),
        store_(store),
        audit_(audit),
        outbox_(outbox),
        keys_(keys),
        alarm_(alarm),
        random_(random),
        clock_(clock),
        guard_(guard),
        config_(config) {}

  // Error: clock_skew while no session may begin, for the clock may be wrong.
  core::Result<> check_clock() const;
  // The caller has locked the user's row in `tx` and compared its epoch, so that sessions.limit holds for sign-ins at
  // once, too. Errors: clock_skew, session_limit.
  core::Result<Issued> create(core::Tx& tx, accounts::UserId user, devices::Device device, std::string amr,
                              const audit::Origin& origin);
  // One in which another user acts in the name of `user`, for `life` at the most; it counts for no limit, and its
  // refresh token is given to nobody. The caller has locked the user's row. Error: clock_skew.
  core::Result<Issued> impersonate(core::Tx& tx, accounts::UserId user, const Impersonation& by,
                                   const audit::Origin& origin);
  // Ends one session of `owner`; false when it is not his or has ended already.
  core::Result<bool> end(core::Tx& tx, accounts::UserId owner, SessionId id, EndReason reason,
                         const audit::Origin& origin);
  // The user proved anew who he is, by the methods of `amr`, which are added to the session's: "mfa" only beside a
  // password, or by an authenticator that verified its user. With its newest refresh token; absent when it is not the
  // user's or has ended.
  core::Result<std::optional<Issued>> authenticate(core::Tx& tx, accounts::UserId user, SessionId id,
                                                   std::string_view amr, const audit::Origin& origin);
  // The user has no second factor any more, and the session does not say that one was proved.
  core::Result<> forget_second_factor(core::Tx& tx, SessionId id);
  // Ends all sessions of a user but `except`; how many.
  core::Result<int64_t> end_all(core::Tx& tx, accounts::UserId user, EndReason reason, std::optional<SessionId> except,
                                const audit::Origin& origin);
  // The same of those that `whose` picks, and of none in which another user acts in his name: those end with that one's
  // own.
  core::Result<int64_t> end_if(core::Tx& tx, accounts::UserId user, const std::function<bool(const Session&)>& whose,
                               EndReason reason, const audit::Origin& origin);
  // Does to the user's sessions what the table of policy.h says of the event, in the transaction that brings it about.
  // `current`: the session in which it came about, absent when in none of his. How many ended.
  core::Result<int64_t> react(core::Tx& tx, Event event, accounts::UserId user, std::optional<SessionId> current,
                              const audit::Origin& origin);
  // Whether it ends any: then sign-ins under way should fail, too.
  bool ends_sessions(Event event) const { return reaction_to(event) >= Reaction::end_others; }
  // Ends one that the clock has ended, if the database's clock agrees.
  core::Result<> expire(core::Tx& tx, const Session& session, EndReason reason, const Lifetimes& lifetimes,
                        const audit::Origin& origin);
  // Ends what this process ended in the last ten minutes and lives again, since the database went back; may be
  // repeated. A session that ended here can be alive for no other reason.
  core::Result<> end_again();
  // Living sessions, newest activity first.
  core::Result<std::vector<Session>> list(core::Tx& tx, accounts::UserId user, const Page& page);

  // Answers a refresh token by the rules of refresh.h. `family` is the device family that presents it.
  // Errors: refresh_invalid, session_ended with its reason, store_unavailable, clock_skew.
  core::Result<Refreshed> refresh(const crypto::Secret& token, std::string_view family, const audit::Origin& origin);
  // The same without waiting, and the fast way: those that come at the same time share a transaction. `then` is called
  // once, here or on a thread of this service, which it must not hold up: with what refresh() would return, or with
  // nothing where more is to be written than a rotation; then refresh() must be asked.
  using Then = std::move_only_function<void(std::optional<core::Result<Refreshed>>)>;
  void begin_refresh(const crypto::Secret& token, std::string family, audit::Origin origin, Moves moves, Then then);

  // An expiry is written only when the database's clock agrees with this to spare: uses may be written 10 s late.
  static constexpr core::Seconds expiry_slack{15};

 private:
  core::Result<> make_room(core::Tx& tx, accounts::UserId user, const audit::Origin& origin);
  Session fresh(accounts::UserId user, devices::Device device, std::string amr, const audit::Origin& origin);
  // The steps of refresh(). The inner result is the answer, refusals included; the outer one undoes the transaction.
  struct Presented;
  core::Result<Presented> present(const crypto::Secret& token, std::string family, audit::Origin origin) const;
  using Answer = std::optional<core::Result<Whole>>;
  void answer_together(std::span<Presented* const> all);
  core::Result<Whole> answer_alone(const Presented& presented);
  struct Plain;
  Plain answer(Whole found, const Presented& presented) const;
  core::Result<core::Result<Whole>> answer_on_record(core::Tx& tx, Whole found, const Presented& presented);
  core::Result<core::Result<Whole>> end_stolen(core::Tx& tx, const Session& session, const Presented& presented);
  static void rotate(Whole& found, const Presented& presented);
  core::Result<> store_rotation(core::Tx& tx, const Session& session);
  std::optional<EndReason> ended_by_clock(const Whole& found, const Presented& presented) const;
  core::Result<Lifetimes> lifetimes_of(core::Tx& tx, SessionId session) const;
  Verdict verdict_of(const Session& session, const Presented& presented) const;

  Reaction reaction_to(Event event) const { return config_.reactions.*row_of(event).chosen; }
  core::Result<> take_back_proofs(core::Tx& tx, accounts::UserId user, EndReason reason,
                                  std::optional<SessionId> except, const audit::Origin& origin);
  core::Result<> record_end(core::Tx& tx, accounts::UserId user, SessionId id, EndReason reason,
                            const audit::Origin& origin, std::string_view note = "");
  core::Result<int64_t> end_again(core::Tx& tx, std::span<const RecentEnd> ends);
  Issued issue(Session session) const;

  core::Transactor& transactor_;
  Store& store_;
  audit::Store& audit_;
  changes::Outbox& outbox_;
  tokens::KeyRing& keys_;
  Alarm& alarm_;
  crypto::Random& random_;
  const core::Clock& clock_;
  const core::ClockGuard& guard_;
  const Config& config_;
  RecentEnds recent_;
  core::Lanes<Presented> together_{lanes, most_at_once, [this](auto all) { answer_together(all); }};
};

}  // namespace sessions
