#include <gtest/gtest.h>

#include <barrier>
#include <functional>
#include <set>
#include <thread>

#include "access/role_store_sql.h"
#include "accounts/user_store_sql.h"
#include "sessions/session_store_sql.h"
#include "tests/support/databases.h"
#include "tests/support/fake_access.h"
#include "tests/support/fake_sessions.h"
#include "tests/support/fake_transactor.h"
#include "tests/support/postgres_server.h"

namespace sessions {
namespace {

using accounts::UserId, core::Millis, core::Seconds, core::Time;
using std::chrono::days;

struct World {
  core::FakeClock clock{core::SystemClock().now()};  // PostgreSQL has its own
  std::unique_ptr<core::Transactor> transactor;
  std::unique_ptr<accounts::Store> users = accounts::create_sql_store();
  std::unique_ptr<roles::RoleStore> roles = roles::create_sql_role_store();
  std::unique_ptr<Store> store;
  storage::Database* database = nullptr;

  // The store's clock.
  Time now() const {
    return database && database->engine() == storage::Engine::postgres ? database->ping().value() : clock.now();
  }
};

std::unique_ptr<World> create_world(const std::string& engine) {
  auto world = std::make_unique<World>();
  if (engine == "Fake") {
    auto transactor = std::make_unique<test::FakeTransactor>();
    auto users = std::make_unique<test::FakeUsers>();
    auto roles = std::make_unique<test::FakeRoles>(*users);
    auto store = std::make_unique<test::FakeSessions>(world->clock, *users, *roles);
    transactor->track(users->users);
    transactor->track(roles->state);
    transactor->track(store->sessions);
    world->transactor = std::move(transactor);
    world->users = std::move(users);
    world->roles = std::move(roles);
    world->store = std::move(store);
    return world;
  }
  auto database = engine == "Sqlite" ? support::open_test_sqlite(world->clock) : support::open_test_postgres();
  if (!database) return nullptr;
  world->database = database.get();
  world->transactor = std::move(database);
  world->store = create_sql_store();
  return world;
}

class SessionStore : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    world = create_world(GetParam());
    if (!world) GTEST_SKIP() << support::postgres_absent;
    user = add_user();
    now = world->now();
  }
  template <class F>
  auto in_tx(F work) {
    auto result = world->transactor->atomically(work);
    EXPECT_TRUE(result) << result.error().cause;
    return std::move(result).value();
  }
  UserId add_user() {
    const UserId id = random.id<UserId>(world->now());
    in_tx([&](core::Tx& tx) {
      return world->users->create(tx, {.id = id, .email = id.str(), .email_key = id.str(), .first_name = "Ada"});
    });
    return id;
  }
  Session make(UserId owner, Time at) {
    return {.id = random.id<SessionId>(at),
            .user = owner,
            .secret = crypto::Secret(std::string("\0 a secret \xff", 12)),
            .amr = "pwd",
            .device = {.name = "Chrome on macOS"},
            .ip_address = "192.0.2.1",
            .created_at = at,
            .last_active_at = at,
            .refreshed_at = at,
            .authenticated_at = at,
            .expires_at = at + days(365)};
  }
  Session add(UserId owner, Time at) {
    const Session session = make(owner, at);
    in_tx([&](core::Tx& tx) { return world->store->create(tx, session); });
    return session;
  }
  std::optional<Session> find(SessionId id) {
    return in_tx([&](core::Tx& tx) { return world->store->find(tx, id); });
  }
  core::Result<std::optional<Whole>> find_whole(core::Tx& tx, SessionId id) {
    auto found = TRY(world->store->find_whole(tx, std::span(&id, 1)));
    EXPECT_LE(found.size(), 1u);
    return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
  }
  std::vector<SessionId> end(std::optional<SessionId> only, std::optional<SessionId> except, EndReason reason) {
    return in_tx([&](core::Tx& tx) { return world->store->end(tx, user, only, except, reason); });
  }
  void touch(SessionId id, Time at) {
    in_tx([&](core::Tx& tx) { return world->store->touch(tx, {{id, at}}); });
  }
  void rotate(std::vector<const Session*> sessions) {
    in_tx([&](core::Tx& tx) { return world->store->rotate(tx, sessions); });
  }
  bool expire(SessionId id, const Lifetimes& lifetimes) {
    return in_tx([&](core::Tx& tx) { return world->store->expire(tx, id, EndReason::idle, lifetimes, Seconds(15)); });
  }
  static std::string reason_of(const std::optional<Session>& session) {
    return session && session->end ? std::string(core::to_text(session->end->reason)) : "";
  }

  std::unique_ptr<World> world;
  crypto::SystemRandom random;
  UserId user;
  Time now;
};

TEST_P(SessionStore, WhatWasCreatedIsFoundWhole) {
  Session made = make(user, now);
  made.amr = "pwd otp";
  made.rotation = {.generation = 7, .times = {now, now - Seconds(5), now - days(3)}, .answered_to = "macos|chrome|a|b"};
  made.device = {.name = "N", .platform = "macos", .app_version = "1.2", .user_agent = "Mozilla", .device_id = "d"};
  made.last_active_at = now - Seconds(1);
  made.refreshed_at = now - Seconds(2);
  in_tx([&](core::Tx& tx) { return world->store->create(tx, made); });
  using Find = core::Result<std::optional<Session>>;
  const auto session = [](const std::optional<Whole>& whole) {
    return whole.transform([](const Whole& w) { return w.session; });
  };
  const std::function<Find(core::Tx&)> ways[] = {
      [&](core::Tx& tx) { return world->store->find(tx, made.id); },
      [&](core::Tx& tx) -> Find { return session(TRY(find_whole(tx, made.id))); },
      [&](core::Tx& tx) -> Find { return session(TRY(world->store->lock(tx, made.id))); },
  };
  for (const auto& way : ways) {
    const auto found = in_tx(way);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->id, made.id);
    EXPECT_EQ(found->user, user);
    EXPECT_EQ(found->secret.expose(), made.secret.expose());
    EXPECT_EQ(found->rotation, made.rotation);
    EXPECT_EQ(found->amr, made.amr);
    EXPECT_EQ(found->device, made.device);
    EXPECT_EQ(found->ip_address, made.ip_address);
    EXPECT_EQ(found->created_at, made.created_at);
    EXPECT_EQ(found->last_active_at, made.last_active_at);
    EXPECT_EQ(found->refreshed_at, made.refreshed_at);
    EXPECT_EQ(found->expires_at, made.expires_at);
    EXPECT_FALSE(found->end);
  }
}

TEST_P(SessionStore, WholeIsASessionWithItsUserAndHisRoles) {
  const Session session = add(user, now);
  const auto whole = [&](bool locked) {
    return in_tx(
        [&](core::Tx& tx) { return locked ? world->store->lock(tx, session.id) : find_whole(tx, session.id); });
  };
  for (const bool locked : {false, true}) EXPECT_TRUE(whole(locked)->roles.assignments.empty());
  in_tx([&](core::Tx& tx) -> core::Result<> {
    for (const auto* role : {"support", "editor"}) {
      TRY(world->roles->put(tx, {.name = role}, "of this test"));
      TRY(world->roles->assign(tx, {.user = user, .role = role, .given_at = now, .expires_at = now + days(1)}));
    }
    return {};
  });
  add(add_user(), now);
  for (const bool locked : {false, true}) {
    const auto found = whole(locked);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->session.id, session.id);
    EXPECT_EQ(found->user.id, user);
    EXPECT_EQ(found->user.first_name, "Ada");
    EXPECT_EQ(found->user.email, user.str());
    EXPECT_EQ(found->roles.stamp, "of this test");
    ASSERT_EQ(found->roles.assignments.size(), 2u);
    EXPECT_EQ(found->roles.assignments[0].role, "editor");
    EXPECT_EQ(found->roles.assignments[1].role, "support");
    EXPECT_EQ(found->roles.assignments[1].user, user);
    EXPECT_EQ(found->roles.assignments[1].expires_at, now + days(1));
  }
}

TEST_P(SessionStore, SeveralAreFoundAtOnce) {
  std::vector<SessionId> ids;
  for (size_t count = 1; count <= 9; ++count) {
    ids.push_back(add(count % 3 ? user : add_user(), now).id);
    for (const bool locked : {false, true}) {
      const auto found = in_tx(
          [&](core::Tx& tx) { return locked ? world->store->lock_free(tx, ids) : world->store->find_whole(tx, ids); });
      std::set<SessionId> seen;
      for (const Whole& whole : found) seen.insert(whole.session.id);
      EXPECT_EQ(found.size(), count);
      EXPECT_EQ(seen, std::set(ids.begin(), ids.end()));
    }
  }
  const SessionId some[] = {ids[0], random.id<SessionId>(now), ids[1]};
  EXPECT_EQ(in_tx([&](core::Tx& tx) { return world->store->lock_free(tx, some); }).size(), 2u);
}

TEST_P(SessionStore, WhatAnotherHasLockedIsNotWaitedFor) {
  if (GetParam() != "Postgres") GTEST_SKIP() << "a writer is alone there";
  const SessionId ids[] = {add(user, now).id, add(user, now).id, add(user, now).id};
  std::vector<Whole> free;
  in_tx([&](core::Tx& tx) -> core::Result<> {
    TRY(world->store->lock(tx, ids[1]));
    std::thread([&] { free = in_tx([&](core::Tx& other) { return world->store->lock_free(other, ids); }); }).join();
    return {};
  });
  ASSERT_EQ(free.size(), 2u);
  for (const Whole& whole : free) EXPECT_NE(whole.session.id, ids[1]);
}

TEST_P(SessionStore, WhatIsNotThereIsAbsent) {
  const SessionId nobody = random.id<SessionId>(now);
  EXPECT_FALSE(find(nobody));
  EXPECT_FALSE(in_tx([&](core::Tx& tx) { return find_whole(tx, nobody); }));
  EXPECT_FALSE(in_tx([&](core::Tx& tx) { return world->store->lock(tx, nobody); }));
  EXPECT_TRUE(end(nobody, std::nullopt, EndReason::logout).empty());
  EXPECT_FALSE(expire(nobody, {}));
  touch(nobody, now);
}

TEST_P(SessionStore, ADeviceMayBeUnknown) {
  Session made = make(user, now);
  made.device = {};
  in_tx([&](core::Tx& tx) { return world->store->create(tx, made); });
  EXPECT_EQ(find(made.id)->device, devices::Device{});
}

TEST_P(SessionStore, ASessionEndsOnceWithOneReason) {
  const Session session = add(user, now);
  EXPECT_EQ(end(session.id, std::nullopt, EndReason::logout), std::vector{session.id});
  EXPECT_TRUE(end(session.id, std::nullopt, EndReason::admin).empty());
  EXPECT_TRUE(end(std::nullopt, std::nullopt, EndReason::logout_all).empty());
  EXPECT_FALSE(expire(session.id, {.idle = Seconds(-1000), .absolute = Seconds(-1000)}));
  const auto found = find(session.id);
  EXPECT_EQ(reason_of(found), "logout");
  EXPECT_GE(found->end->at, now);
  EXPECT_LE(found->end->at, world->now());
}

TEST_P(SessionStore, EveryReasonComesBack) {
  for (const auto& reason : names_of(EndReason{})) {
    const Session session = add(user, now);
    end(session.id, std::nullopt, reason.value);
    EXPECT_EQ(reason_of(find(session.id)), reason.text);
  }
}

TEST_P(SessionStore, NobodyEndsAnothersSession) {
  const Session other = add(add_user(), now);
  EXPECT_TRUE(end(other.id, std::nullopt, EndReason::logout).empty());
  EXPECT_TRUE(end(std::nullopt, std::nullopt, EndReason::logout_all).empty());
  EXPECT_FALSE(find(other.id)->end);
}

TEST_P(SessionStore, AllButOneEnd) {
  const Session kept = add(user, now), first = add(user, now), second = add(user, now);
  auto ended = end(std::nullopt, kept.id, EndReason::password_changed);
  std::ranges::sort(ended);
  std::vector<SessionId> expected{first.id, second.id};
  std::ranges::sort(expected);
  EXPECT_EQ(ended, expected);
  EXPECT_FALSE(find(kept.id)->end);
  EXPECT_EQ(end(std::nullopt, std::nullopt, EndReason::admin), std::vector{kept.id});
}

TEST_P(SessionStore, AFailedTransactionEndsNothing) {
  const Session session = add(user, now);
  EXPECT_FALSE(world->transactor->atomically([&](core::Tx& tx) -> core::Result<> {
    TRY(world->store->end(tx, user, session.id, std::nullopt, EndReason::logout));
    return core::fail(core::Code::conflict);
  }));
  EXPECT_FALSE(find(session.id)->end);
}

TEST_P(SessionStore, ARotationIsStoredAndTheGenerationOnlyRises) {
  Session session = add(user, now);
  session.rotation = {.generation = 1, .times = {now}, .answered_to = "ios|safari|"};
  session.ip_address = "198.51.100.7";
  session.refreshed_at = session.last_active_at = now + Seconds(1);
  rotate({&session});
  Session late = session;
  late.ip_address = "192.0.2.9";
  rotate({&late});
  const auto found = find(session.id);
  EXPECT_EQ(found->rotation, session.rotation);
  EXPECT_EQ(found->ip_address, "198.51.100.7");
  EXPECT_EQ(found->refreshed_at, now + Seconds(1));
  EXPECT_EQ(found->last_active_at, now + Seconds(1));
  EXPECT_EQ(found->created_at, now);
  session.rotation.generation = 9;  // a fast-forward
  rotate({&session});
  EXPECT_EQ(find(session.id)->rotation.generation, 9);
}

TEST_P(SessionStore, RotationsAreStoredTogetherEachByItsOwnRule) {
  std::vector<Session> sessions;
  std::vector<const Session*> all;
  for (int i = 0; i < 5; ++i) sessions.push_back(add(user, now));
  for (Session& session : sessions) {
    session.rotation.generation = 3;
    session.rotation.answered_to = std::to_string(all.size());
    all.push_back(&session);
  }
  end(sessions[1].id, std::nullopt, EndReason::logout);
  Session ahead = sessions[2];
  ahead.rotation.generation = 7;
  rotate({&ahead});
  rotate(all);
  for (size_t i = 0; i < sessions.size(); ++i) {
    const Rotation found = find(sessions[i].id)->rotation;
    EXPECT_EQ(found.generation, i == 1 ? 0 : i == 2 ? 7 : 3);
    EXPECT_EQ(found.answered_to, i == 1 ? "" : std::to_string(i));
  }
}

TEST_P(SessionStore, AProofIsStoredWhileTheSessionLives) {
  Session session = add(user, now);
  EXPECT_EQ(find(session.id)->authenticated_at, now);
  session.authenticated_at = now + Seconds(5);
  session.amr = "pwd otp mfa";
  const auto store = [&](core::Tx& tx) { return world->store->authenticate(tx, session); };
  in_tx(store);
  EXPECT_EQ(find(session.id)->authenticated_at, now + Seconds(5));
  EXPECT_EQ(find(session.id)->amr, "pwd otp mfa");
  end(session.id, std::nullopt, EndReason::logout);
  session.amr = "pwd";
  in_tx(store);
  EXPECT_EQ(find(session.id)->amr, "pwd otp mfa");
}

// A server that does not know of it may have written the row.
TEST_P(SessionStore, WhoActsInItIsKept) {
  Session session = make(user, now);
  session.impersonator = add(add_user(), now).id;
  session.proofs_from = now + Seconds(60);
  in_tx([&](core::Tx& tx) { return world->store->create(tx, session); });
  EXPECT_EQ(find(session.id)->impersonator, session.impersonator);
  EXPECT_EQ(find(session.id)->proofs_from, session.proofs_from);
  const SessionId own = add(user, now).id;
  EXPECT_FALSE(find(own)->impersonator);
  const auto list = [&](const Page& page) {
    return in_tx([&](core::Tx& tx) { return world->store->list(tx, user, page); });
  };
  EXPECT_EQ(list({}).size(), 2u);
  ASSERT_EQ(list({.own = true}).size(), 1u);
  EXPECT_EQ(list({.own = true})[0].id, own);
}

TEST_P(SessionStore, WithoutAProofOfItsOwnItsBeginningCounts) {
  if (!world->database) GTEST_SKIP() << "skipped: rows only";
  const Session session = add(user, now);
  in_tx([&](core::Tx& tx) -> core::Result<> {
    return storage::sql(tx).send("UPDATE sessions SET authenticated_at = NULL WHERE id = $1", session.id);
  });
  EXPECT_EQ(find(session.id)->authenticated_at, now);
}

TEST_P(SessionStore, ProofsAreTakenBackOfAllLivingSessionsButOne) {
  const Session here = add(user, now), there = add(user, now), over = add(user, now), of_another = add(add_user(), now);
  end(over.id, {}, EndReason::logout);
  in_tx([&](core::Tx& tx) { return world->store->take_back_proofs(tx, user, here.id, now + Seconds(1)); });
  EXPECT_EQ(find(here.id)->proofs_from, Time{});
  EXPECT_EQ(find(there.id)->proofs_from, now + Seconds(1));
  EXPECT_EQ(find(over.id)->proofs_from, Time{});
  EXPECT_EQ(find(of_another.id)->proofs_from, Time{});
  in_tx([&](core::Tx& tx) { return world->store->take_back_proofs(tx, user, std::nullopt, now + Seconds(2)); });
  EXPECT_EQ(find(here.id)->proofs_from, now + Seconds(2));
}

TEST_P(SessionStore, WhatEndedDoesNotRotate) {
  Session session = add(user, now);
  end(session.id, std::nullopt, EndReason::logout);
  session.rotation.generation = 1;
  rotate({&session});
  EXPECT_EQ(find(session.id)->rotation.generation, 0);
  EXPECT_EQ(reason_of(find(session.id)), "logout");
}

TEST_P(SessionStore, AUseIsNeverStoredBeyondTheDatabasesClock) {
  const Session session = add(user, now - Seconds(100));
  touch(session.id, now - Seconds(50));
  EXPECT_EQ(find(session.id)->last_active_at, now - Seconds(50));
  touch(session.id, now + days(5));
  EXPECT_GE(find(session.id)->last_active_at, now);
  EXPECT_LE(find(session.id)->last_active_at, world->now());
}

TEST_P(SessionStore, AUseNeverGoesBack) {
  const Session session = add(user, now - Seconds(100));
  touch(session.id, now - Seconds(10));
  touch(session.id, now - Seconds(20));
  EXPECT_EQ(find(session.id)->last_active_at, now - Seconds(10));
  // A node whose clock is ahead stored this one; a use that is later still does not take it back to the database's
  // clock.
  const Session ahead = add(user, now + Seconds(20));
  touch(ahead.id, now + Seconds(25));
  EXPECT_EQ(find(ahead.id)->last_active_at, now + Seconds(20));
}

TEST_P(SessionStore, WhatEndedIsNotUsed) {
  const Session session = add(user, now - Seconds(100));
  end(session.id, std::nullopt, EndReason::logout);
  touch(session.id, now);
  EXPECT_EQ(find(session.id)->last_active_at, now - Seconds(100));
}

TEST_P(SessionStore, OnlyTheDatabasesClockExpiresAndWithSlack) {
  const Lifetimes lifetimes{.idle = Seconds(60), .absolute = days(2)};
  EXPECT_FALSE(expire(add(user, now).id, lifetimes));
  EXPECT_FALSE(expire(add(user, now - Seconds(70)).id, lifetimes));
  const Session idle = add(user, now - Seconds(75));
  EXPECT_TRUE(expire(idle.id, lifetimes));
  EXPECT_EQ(reason_of(find(idle.id)), "idle");
  EXPECT_FALSE(expire(idle.id, lifetimes));

  Session used = make(user, now - days(2) - Seconds(15));  // past the absolute limit of the policy
  used.last_active_at = now;
  Session fixed = make(user, now);  // past its own
  fixed.expires_at = now - Seconds(15);
  Session nearly = make(user, now - days(2));
  nearly.last_active_at = now;
  for (const auto* session : {&used, &fixed, &nearly})
    in_tx([&](core::Tx& tx) { return world->store->create(tx, *session); });
  EXPECT_TRUE(expire(used.id, lifetimes));
  EXPECT_TRUE(expire(fixed.id, lifetimes));
  EXPECT_FALSE(expire(nearly.id, lifetimes));
}

TEST_P(SessionStore, TheListComesInPagesNewestUseFirst) {
  std::vector<Session> made;
  for (int i = 0; i < 7; ++i) made.push_back(add(user, now - Seconds(10 * (i / 2))));  // two of each time
  end(made[2].id, std::nullopt, EndReason::logout);
  add(add_user(), now);
  std::vector<Session> seen;
  Page page{.after = {}, .limit = 2};
  for (;;) {
    const auto some = in_tx([&](core::Tx& tx) { return world->store->list(tx, user, page); });
    EXPECT_LE(some.size(), 2u);
    if (some.empty()) break;
    seen.insert(seen.end(), some.begin(), some.end());
    page.after = {{some.back().last_active_at, some.back().id}};
  }
  ASSERT_EQ(seen.size(), 6u);
  for (size_t i = 1; i < seen.size(); ++i)
    EXPECT_GT(std::pair(seen[i - 1].last_active_at, seen[i - 1].id), std::pair(seen[i].last_active_at, seen[i].id));
}

TEST_P(SessionStore, OldOnesAreClearedInBatches) {
  std::vector<Session> ended, expired;
  for (int i = 0; i < 3; ++i) ended.push_back(add(user, now - days(400)));
  for (const auto& session : ended) end(session.id, std::nullopt, EndReason::logout);
  for (int i = 0; i < 4; ++i) expired.push_back(add(user, now - days(400)));  // expires_at: 35 days ago
  const Session living = add(user, now);
  const Time tomorrow = world->now() + days(1);
  const auto prune = [&](Time before, int64_t limit) {
    return in_tx([&](core::Tx& tx) { return world->store->prune(tx, before, limit); });
  };
  EXPECT_EQ(prune(now - days(36), 100), 0);
  EXPECT_EQ(prune(now - days(30), 3), 3);  // the ended ones ended just now
  EXPECT_EQ(prune(now - days(30), 3), 1);
  EXPECT_EQ(prune(now - days(30), 3), 0);
  for (const auto& session : ended) EXPECT_TRUE(find(session.id));
  EXPECT_EQ(prune(tomorrow, 2), 2);
  EXPECT_EQ(prune(tomorrow, 2), 1);
  EXPECT_TRUE(find(living.id));
}

TEST_P(SessionStore, OneBatchHoldsEndedAndExpiredTogether) {
  for (int i = 0; i < 5; ++i) end(add(user, now - days(400)).id, std::nullopt, EndReason::logout);
  for (int i = 0; i < 5; ++i) add(user, now - days(400));
  const Time tomorrow = world->now() + days(1);
  EXPECT_EQ(in_tx([&](core::Tx& tx) { return world->store->prune(tx, tomorrow, 4); }), 4);
}

TEST_P(SessionStore, TheLivingAreCounted) {
  add(user, now);
  add(user, now - days(400));
  end(add(user, now).id, std::nullopt, EndReason::logout);
  EXPECT_EQ(in_tx([&](core::Tx& tx) { return world->store->count_live(tx); }), 1);
}

// Whoever comes first: in the end it is over, and a rotation that was granted was granted before.
TEST_P(SessionStore, ARotationInFlightNeverRevives) {
  const int rounds = GetParam() == "Fake" ? 20 : 60;
  int granted = 0;
  for (int round = 0; round < rounds; ++round) {
    Session session = add(user, now);
    std::barrier start(3);
    std::atomic<bool> rotated{false}, ended_first{false}, ended_second{false};
    {
      std::jthread refresh([&] {
        start.arrive_and_wait();
        rotated = in_tx([&](core::Tx& tx) -> core::Result<bool> {
          auto locked = TRY(world->store->lock(tx, session.id));
          if (locked->session.end) return false;
          locked->session.rotation.generation = 1;
          TRY(world->store->rotate(tx, std::array<const Session*, 1>{&locked->session}));
          return true;
        });
      });
      std::jthread first(
          [&] { start.arrive_and_wait(), ended_first = !end(session.id, std::nullopt, EndReason::logout).empty(); });
      std::jthread second(
          [&] { start.arrive_and_wait(), ended_second = !end(std::nullopt, std::nullopt, EndReason::admin).empty(); });
    }
    EXPECT_NE(ended_first, ended_second);
    const auto found = find(session.id);
    EXPECT_EQ(reason_of(found), ended_first ? "logout" : "admin");
    EXPECT_EQ(found->rotation.generation, rotated ? 1 : 0);
    granted += rotated;
  }
  RecordProperty("rotations_that_came_first", granted);
}

std::string engine_name(const testing::TestParamInfo<std::string>& info) { return info.param; }
INSTANTIATE_TEST_SUITE_P(Engines, SessionStore, testing::Values("Fake", "Sqlite", "Postgres"), engine_name);

}  // namespace
}  // namespace sessions
