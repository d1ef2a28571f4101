#include "sessions/checker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "tests/support/server_world.h"

namespace sessions {
namespace {

using accounts::UserId, core::Code, core::Millis, core::Seconds;
using std::chrono::days;

class CheckerTest : public testing::Test {
 protected:
  std::unique_ptr<test::ServerWorld> world = test::ServerWorld::create(test::sqlite);
  UserId user = world->add_user();
  SessionId session = world->sign_in(user).session.id;
  std::string token = world->access_token(user, session);

  // "admitted" or "code" or "code reason".
  std::string check(const std::vector<std::string>& permissions = {}) { return check_token(token, permissions); }
  std::string check_token(const std::string& text, const std::vector<std::string>& permissions = {}) {
    const auto admitted = world->checker.check(text, world->clock.boot(), permissions);
    if (admitted) return "admitted";
    const auto& error = admitted.error();
    return std::string(core::row(error.code).name) + (error.reason.empty() ? "" : ' ' + error.reason);
  }
  // Whether memory alone can tell.
  bool hit() {
    return world->checker.find(token, world->clock.boot(), [](UserId, const Holder&, const Entry&) { return true; });
  }
  // From now on memory knows the session.
  void warm() {
    world->poll();
    ASSERT_EQ(check(), "admitted");
    ASSERT_TRUE(hit());
  }
  core::Time last_active() { return world->session(session).last_active_at; }
};

TEST_F(CheckerTest, TheFirstCheckAsksTheStoreTheNextOnesDoNot) {
  EXPECT_FALSE(hit());
  const auto admitted = world->checker.check(token, world->clock.boot());
  ASSERT_TRUE(admitted);
  EXPECT_EQ(admitted->user, user);
  EXPECT_EQ(admitted->session, session);
  EXPECT_EQ(admitted->roles, "user");
  const int reads = world->transactor.reads;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(check(), "admitted");
  EXPECT_TRUE(hit());
  EXPECT_EQ(world->transactor.reads, reads);
}

TEST_F(CheckerTest, AVisitorWhoRefusesIsNoUse) {
  warm();
  ASSERT_TRUE(world->checker.write_touches());
  world->clock.advance(Millis(900));
  EXPECT_FALSE(
      world->checker.find(token, world->clock.boot(), [](UserId, const Holder&, const Entry&) { return false; }));
  EXPECT_TRUE(world->near.take_touches().empty());
}

TEST_F(CheckerTest, WithoutFreshNewsOnlyTheStoreIsBelieved) {
  warm();
  world->advance(Millis(999));
  EXPECT_TRUE(hit());
  world->advance(Millis(1));
  EXPECT_FALSE(hit());
  EXPECT_EQ(check(), "admitted");
  world->poll();
  EXPECT_TRUE(hit());
}

TEST_F(CheckerTest, NothingIsHeldOfATokenThatIsNotOurs) {
  EXPECT_EQ(check_token("a.b.c"), "token_malformed");
  EXPECT_EQ(check_token(token + "x"), "token_malformed");
  std::string forged = token;
  forged[forged.size() - 10] = forged[forged.size() - 10] == 'A' ? 'B' : 'A';
  EXPECT_EQ(check_token(forged), "token_invalid");
  warm();
  EXPECT_EQ(check_token(forged), "token_invalid");
}

TEST_F(CheckerTest, AnExpiredTokenIsRefusedAlsoWhenItIsRemembered) {
  warm();
  world->advance(days(7) - Seconds(1));
  world->poll();
  EXPECT_EQ(check(), "admitted");
  world->advance(Seconds(1));
  world->poll();
  EXPECT_FALSE(hit());
  EXPECT_EQ(check(), "token_expired");
}

TEST_F(CheckerTest, ASignOutActsAtOnceWithItsReason) {
  warm();
  world->end(user, session, EndReason::not_me);
  EXPECT_FALSE(hit());
  EXPECT_EQ(check(), "session_ended not_me");
  EXPECT_EQ(check(), "session_ended not_me");
  EXPECT_FALSE(hit()) << "what has ended is not held";
}

TEST_F(CheckerTest, AnotherNodesSignOutActsWithThePoll) {
  warm();
  const auto other = world->join();
  other->end(user, session);
  EXPECT_TRUE(hit());
  world->poll();
  EXPECT_FALSE(hit());
  EXPECT_EQ(check(), "session_ended logout");
}

TEST_F(CheckerTest, AProofThatAnotherNodeTookBackDoesNotCountFromThePollOn) {
  warm();
  const auto other = world->join();
  other->session_config.reactions.role_change = Reaction::step_up;
  const auto counts = [&] {
    const auto admitted = world->checker.check(token, world->clock.boot());
    return world->checker.authenticated_at(token, *admitted).value() != core::Time{};
  };
  EXPECT_TRUE(counts());
  other->clock.advance(Seconds(1));
  other->in_tx([&](core::Tx& tx) { return other->sessions.react(tx, Event::roles_changed, user, std::nullopt, {}); });
  world->poll();
  EXPECT_FALSE(hit()) << "asked of the store";
  EXPECT_FALSE(counts());
  EXPECT_TRUE(hit()) << "and of memory";
  EXPECT_FALSE(counts());
}

TEST_F(CheckerTest, ASessionThatIsNotThereOrAnothersHasEnded) {
  const std::string of_nobody = world->access_token(user, world->random.id<SessionId>(world->clock.now()));
  EXPECT_EQ(check_token(of_nobody), "session_ended unknown");
  EXPECT_EQ(check_token(world->access_token(world->add_user(), session)), "session_ended unknown");
}

TEST_F(CheckerTest, ADisabledAccountIsRefused) {
  warm();
  world->in_tx([&](core::Tx& tx) -> core::Result<> {
    auto row = TRY(world->users->lock(tx, user));
    row->disabled_at = world->clock.now();
    TRY(world->users->update(tx, *row));
    return world->feed.announce(tx, {changes::Kind::user, user.value});
  });
  EXPECT_EQ(check(), "account_disabled");
  // Also when its session was ended with it: who asks is told the cause.
  world->end(user, session, EndReason::account_disabled);
  EXPECT_EQ(check(), "account_disabled");
}

TEST_F(CheckerTest, ADeletedAccountHasNoSessions) {
  world->in_tx([&](core::Tx& tx) -> core::Result<> {
    auto row = TRY(world->users->lock(tx, user));
    TRY(world->users->update(tx, accounts::without_personal_fields(*row, world->clock.now())));
    return {};
  });
  EXPECT_EQ(check(), "session_ended account_deleted");
}

TEST_F(CheckerTest, PermissionsAreAskedOfBothMemoryAndStore) {
  const UserId boss = world->add_user("admin");
  const std::string other = world->access_token(boss, world->sign_in(boss).session.id);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(check_token(other, {"users:read"}), "admitted");
    EXPECT_EQ(check({"users:read"}), "permission_denied users:read");
    EXPECT_EQ(check_token(other, {"users:read", "nothing:here"}), "permission_denied nothing:here");
  }
}

TEST_F(CheckerTest, ARoleChangeActsAtOnce) {
  warm();
  ASSERT_TRUE(world->access.assign(user, {"admin", {}}, {}));
  EXPECT_EQ(check({"users:read"}), "admitted");
  ASSERT_TRUE(hit());
  ASSERT_TRUE(world->access.unassign(user, "admin", {}));
  EXPECT_EQ(check({"users:read"}), "permission_denied users:read");
}

TEST_F(CheckerTest, ARoleThatExpiresIsGoneAtThatMoment) {
  ASSERT_TRUE(world->access.assign(user, {"admin", world->clock.now() + Seconds(60)}, {}));
  warm();
  world->advance(Seconds(59));
  world->poll();
  EXPECT_TRUE(hit());
  EXPECT_EQ(check({"users:read"}), "admitted");
  world->advance(Seconds(1));
  world->poll();
  EXPECT_FALSE(hit());
  EXPECT_EQ(check({"users:read"}), "permission_denied users:read");
  EXPECT_EQ(check(), "admitted");
}

TEST_F(CheckerTest, RolesAreHeldNoLongerThanTheSettingSays) {
  warm();
  world->advance(world->access_config.cache_ttl);
  world->poll();
  EXPECT_FALSE(hit());
  EXPECT_EQ(check(), "admitted");
  EXPECT_TRUE(hit());
}

TEST_F(CheckerTest, ATokenOfAKeyThatIsNotKnownYetReloadsTheKeys) {
  const auto other = world->join();
  ASSERT_TRUE(other->keys.rotate(tokens::Purpose::access));
  ASSERT_TRUE(other->keys.reload());
  for (auto* node : {world.get(), other.get()}) node->clock.advance(Seconds(31));
  world->database_clock->advance(Seconds(31));
  const std::string newer = other->access_token(user, session);
  ASSERT_EQ(world->keys.current()->access.size(), 1u);
  EXPECT_EQ(check_token(newer), "admitted");
  EXPECT_EQ(world->keys.current()->access.size(), 2u);
  EXPECT_EQ(check(), "admitted") << "the older key verifies on";
}

TEST_F(CheckerTest, AnUnknownKeyIsNotNoWhileTheStoreIsDown) {
  tokens::Config config;
  auto key = crypto::SigningKey::generate(crypto::Algorithm::ES256, world->random).value();
  tokens::KeySet set;
  set.access.push_back({std::make_shared<crypto::SigningKey>(std::move(key)), core::Time{}, core::Time::max()});
  const core::Time now = world->clock.now();
  const std::string unknown(
      tokens::issue_access_token(set, config, {user.value, session.value, {}, now, now + days(1)}).value().expose());
  world->advance(Seconds(2));
  world->transactor.down = true;
  EXPECT_EQ(check_token(unknown), "store_unavailable");
  world->transactor.down = false;
  world->advance(Seconds(1));
  EXPECT_EQ(check_token(unknown), "token_invalid");
  // Within a second of a reload the set is new enough to say no.
  world->transactor.down = true;
  EXPECT_EQ(check_token(unknown), "token_invalid");
}

TEST_F(CheckerTest, WhenKeysChangeEverySignatureIsCheckedAnew) {
  warm();
  const auto digest = world->verified.digest(token);
  const int64_t now = core::to_millis(world->clock.now()) / 1000;
  ASSERT_TRUE(world->verified.find(digest, world->keys.epoch(), now));
  ASSERT_TRUE(world->keys.rotate(tokens::Purpose::access));
  EXPECT_FALSE(world->verified.find(digest, world->keys.epoch(), now));
  EXPECT_FALSE(hit());
  EXPECT_EQ(check(), "admitted");
  EXPECT_TRUE(hit());
}

TEST_F(CheckerTest, AKeyThatIsWithdrawnTakesItsTokensAlong) {
  warm();
  world->in_tx([&](core::Tx& tx) -> core::Result<> {
    TRY(storage::sql(tx).query("UPDATE signing_keys SET retired_at = $1 WHERE purpose = 'access'", world->clock.now()));
    return world->feed.announce(tx, {changes::Kind::keys});
  });
  EXPECT_FALSE(hit());
  EXPECT_EQ(check(), "token_invalid");
}

TEST_F(CheckerTest, WithTheStoreDownMemoryServesWhileItMayBeTrustedAndThenNobodySaysNo) {
  warm();
  world->transactor.down = true;
  world->advance(Millis(900));
  EXPECT_EQ(check(), "admitted");
  EXPECT_FALSE(world->feed.poll());
  world->advance(Millis(100));
  EXPECT_EQ(check(), "store_unavailable");
  world->transactor.down = false;
  EXPECT_EQ(check(), "admitted");
}

TEST_F(CheckerTest, ANodeWhoseClockIsSkewedDecidesNothing) {
  warm();
  world->guard.compare(world->clock.now() + Seconds(31));
  EXPECT_FALSE(hit());
  EXPECT_EQ(check(), "clock_skew");
  world->guard.compare(world->clock.now() + Seconds(30));
  EXPECT_EQ(check(), "admitted");
}

// A node a year ahead once said that every token had expired.
TEST_F(CheckerTest, AClockThatWasSetDoesNotSayThatATokenHasExpired) {
  warm();
  world->clock.jump(days(365));
  EXPECT_EQ(check(), "clock_skew");
  world->guard.compare(world->clock.now());
  EXPECT_EQ(check(), "token_expired");
}

TEST_F(CheckerTest, TheTextThatWasForgottenIsMadeAnew) {
  world->poll();
  ASSERT_EQ(check(), "admitted");
  ASSERT_TRUE(world->checker.load(user, session, [](const Living&) { return std::make_unique<const MeText>(); }));
  const auto has_text = [&] {
    return world->near.find(user, session, [](const Holder&, Entry& entry) { return entry.me != nullptr; });
  };
  EXPECT_TRUE(has_text());
  world->checker.forget_text(user, session);
  EXPECT_FALSE(has_text());
  EXPECT_TRUE(hit());
}

TEST_F(CheckerTest, IdleEndsToTheSecond) {
  warm();
  world->advance(days(3));
  world->poll();
  EXPECT_EQ(check(), "admitted");
  token = world->access_token(user, session);
  for (int i = 0; i < 2; ++i) {
    world->advance(days(30) - Seconds(1));
    world->poll();
    token = world->access_token(user, session);
    EXPECT_EQ(check(), "admitted");
  }
  world->advance(days(30) + Seconds(1));
  world->poll();
  token = world->access_token(user, session);
  EXPECT_EQ(check(), "session_ended idle");
  EXPECT_EQ(world->end_of(session), "") << "written when the database's clock agrees with slack";
  world->advance(Service::expiry_slack);
  EXPECT_EQ(check(), "session_ended idle");
  EXPECT_EQ(world->end_of(session), "idle");
}

TEST_F(CheckerTest, AbsoluteEndsToTheSecondHoweverMuchItIsUsed) {
  for (int day = 0; day < 364; day += 14) {
    world->advance(days(14));
    token = world->access_token(user, session);
    ASSERT_EQ(check(), "admitted");
  }
  world->advance(days(1) - Seconds(1));
  world->poll();
  token = world->access_token(user, session);
  EXPECT_EQ(check(), "admitted");
  EXPECT_TRUE(hit());
  world->advance(Seconds(1));
  world->poll();
  EXPECT_FALSE(hit());
  EXPECT_EQ(check(), "session_ended absolute");
}

TEST_F(CheckerTest, AShorterTimeoutOfARoleBindsItsHoldersFromThenOn) {
  world->session_config.role_idle_timeouts = {{"admin", Seconds(60)}};
  world->session_config.role_absolute_timeouts = {{"support", Seconds(300)}};
  warm();
  const auto pass = [&](Seconds time) {
    world->advance(time);
    world->poll();
    token = world->access_token(user, session);
    return check();
  };
  EXPECT_EQ(pass(Seconds(61)), "admitted") << "a holder of neither";
  ASSERT_TRUE(world->access.assign(user, {"support", {}}, {}));
  EXPECT_EQ(check(), "admitted");
  EXPECT_TRUE(hit());
  ASSERT_TRUE(world->access.assign(user, {"admin", world->clock.now() + Seconds(150)}, {}));
  EXPECT_EQ(pass(Seconds(59)), "admitted");
  EXPECT_EQ(pass(Seconds(61)), "session_ended idle");
  EXPECT_EQ(pass(Seconds(30)), "admitted") << "the role is over, and nothing was written without slack";
  EXPECT_EQ(pass(Seconds(88)), "admitted");
  EXPECT_TRUE(hit());
  EXPECT_EQ(pass(Seconds(1)), "session_ended absolute");
  EXPECT_FALSE(hit());
}

TEST_F(CheckerTest, AUseThatOnlyMemoryKnowsKeepsASessionAlive) {
  warm();
  world->session_config.idle_timeout = Seconds(60);
  world->advance(Seconds(50));
  world->poll();
  EXPECT_EQ(check(), "admitted");  // not written yet
  world->near.drop(user);
  world->advance(Seconds(50));
  world->poll();
  EXPECT_EQ(check(), "admitted");
}

TEST_F(CheckerTest, AClockThatWasSetEndsNothing) {
  warm();
  world->clock.jump(days(40));
  world->database_clock->jump(days(40));
  world->poll();
  token = world->access_token(user, session);
  EXPECT_EQ(check(), "admitted");
  EXPECT_EQ(check(), "admitted");
  EXPECT_EQ(world->end_of(session), "");
}

struct Impersonated : CheckerTest {
  UserId helper = world->add_user("super_admin");
  SessionId by = world->sign_in(helper).session.id;

  void begin(Seconds life) {
    session = world->in_tx([&](core::Tx& tx) { return world->sessions.impersonate(tx, user, {by, life, "why"}, {}); })
                  .session.id;
    token = world->access_token(user, session);
  }
};

TEST_F(Impersonated, ItEndsWhenTheSessionOfWhoActsIsTooOldForHisRoles) {
  world->session_config.role_absolute_timeouts = {{"super_admin", Seconds(200)}};
  begin(Seconds(300));
  world->poll();
  EXPECT_EQ(check(), "admitted");
  world->advance(Seconds(200));
  EXPECT_EQ(check(), "session_ended impersonation");
}

TEST_F(Impersonated, ItIsNeverHeldInMemoryAndEndsAtItsTimeAlone) {
  world->session_config.idle_timeout = Seconds(60);
  begin(Seconds(300));
  world->poll();
  EXPECT_EQ(check(), "admitted");
  EXPECT_EQ(world->checker.check(token, world->clock.boot())->impersonator, helper);
  EXPECT_FALSE(hit());
  world->advance(Seconds(299));
  EXPECT_EQ(check(), "admitted");
  world->advance(Seconds(1));
  EXPECT_EQ(check(), "session_ended absolute");
}

TEST_F(Impersonated, ItEndsForGoodWithTheSessionOfWhoActsAlsoOnAnotherNode) {
  begin(Seconds(300));
  EXPECT_EQ(check(), "admitted");
  world->join()->end(helper, by);
  EXPECT_EQ(check(), "session_ended impersonation");
  EXPECT_EQ(world->end_of(session), "impersonation");
}

TEST_F(Impersonated, ItEndsWithTheSessionOfWhoActsAlsoByTheClock) {
  world->session_config.absolute_timeout = Seconds(100);
  by = world->sign_in(helper).session.id;
  world->advance(Seconds(50));
  begin(Seconds(300));
  world->advance(Seconds(49));
  EXPECT_EQ(check(), "admitted");
  world->advance(Seconds(1));
  EXPECT_EQ(check(), "session_ended impersonation");
}

TEST_F(Impersonated, ItEndsForGoodWithThePermissionOfWhoActs) {
  begin(Seconds(300));
  world->add_user("super_admin");  // the last one would keep the role
  ASSERT_TRUE(world->access.unassign(helper, "super_admin", {}));
  EXPECT_EQ(check(), "session_ended impersonation");
  ASSERT_TRUE(world->access.assign(helper, {"super_admin", {}}, {}));
  EXPECT_EQ(check(), "session_ended impersonation");
}

TEST_F(CheckerTest, UsesAreWrittenBehind) {
  warm();
  world->advance(Seconds(100));
  world->poll();
  const core::Time used = world->clock.now();
  EXPECT_EQ(check(), "admitted");
  EXPECT_LT(last_active(), used);
  EXPECT_TRUE(world->checker.write_touches());
  EXPECT_EQ(last_active(), used);
}

TEST_F(CheckerTest, UsesThatCannotBeWrittenAreKept) {
  warm();
  world->advance(Seconds(100));
  world->poll();
  const core::Time used = world->clock.now();
  EXPECT_EQ(check(), "admitted");
  world->transactor.down = true;
  EXPECT_FALSE(world->checker.write_touches());
  world->near.drop_all();
  EXPECT_FALSE(world->checker.write_touches());
  world->transactor.down = false;
  EXPECT_TRUE(world->checker.write_touches());
  EXPECT_EQ(last_active(), used);
}

TEST_F(CheckerTest, MoreUsesThanOneBatchAreAllWritten) {
  NearCache& near = world->near;
  std::vector<SessionId> all;
  world->in_tx([&](core::Tx& tx) -> core::Result<> {
    for (int i = 0; i < 700; ++i) all.push_back(TRY(world->sessions.create(tx, user, {}, "pwd", {})).session.id);
    return {};
  });
  const core::Time used = world->clock.now() + Seconds(5);
  for (const auto& id : all) {
    // One user's sessions crowd each other out: those uses must be told as well.
    ASSERT_TRUE(near.fill(near.begin_fill(user), user, {.permissions = std::make_shared<roles::PermissionSet>()}, {},
                          {.session = id, .created_at = {}, .expires_at = {}, .last_active_at = {}}));
    near.find(user, id, [&](const Holder&, Entry& entry) { return near.touch(user, entry, used), true; });
  }
  world->advance(Seconds(10));
  ASSERT_TRUE(world->checker.write_touches());
  const auto stored = world->transactor.reading(
      [&](core::Tx& tx) { return world->session_rows->list(tx, user, {.after = {}, .limit = 1000}); });
  EXPECT_EQ(std::ranges::count(stored.value(), used, &Session::last_active_at), 700);
}

TEST_F(CheckerTest, AFillThatAChangeOvertookIsNotKept) {
  // The change comes while the store is being read.
  const auto describe = [&](const Living&) {
    world->near.drop(user);
    return std::make_unique<const MeText>();
  };
  EXPECT_TRUE(world->checker.load(user, session, describe));
  EXPECT_FALSE(hit());
  EXPECT_EQ(world->near.size(), 0u);
}

TEST_F(CheckerTest, TheTextOfMeIsHeldWithTheSession) {
  world->poll();
  ASSERT_EQ(check(), "admitted");
  const auto text = [&] {
    std::string found;
    world->checker.find(token, world->clock.boot(), [&](UserId, const Holder&, const Entry& entry) {
      found = entry.me ? entry.me->user : "none";
      return true;
    });
    return found;
  };
  EXPECT_EQ(text(), "none");
  ASSERT_TRUE(world->checker.load(user, session, [](const Living& living) {
    return std::make_unique<const MeText>(MeText{living.user.id.str(), "", ""});
  }));
  EXPECT_EQ(text(), user.str());
}

// Readers, a writer who signs out and in, a poller and a key rotation at once; for ThreadSanitizer above all.
TEST_F(CheckerTest, NobodyPassesAfterASignOutWasAnswered) {
  world->poll();
  std::atomic<bool> done{false};
  std::atomic<int> admitted{0}, refused{0};
  std::mutex mutex;
  std::string current = token;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      while (!done) {
        std::string text;
        {
          const std::lock_guard lock(mutex);
          text = current;
        }
        const auto answer = world->checker.check(text, world->clock.boot());
        ++(answer ? admitted : refused);
      }
    });
  threads.emplace_back([&] {
    while (!done) EXPECT_TRUE(world->feed.poll());
  });
  for (int round = 0; round < 60; ++round) {
    const SessionId next = world->sign_in(user).session.id;
    const std::string text = world->access_token(user, next);
    {
      const std::lock_guard lock(mutex);
      current = text;
    }
    EXPECT_EQ(check_token(text), "admitted");
    if (round % 20 == 10) ASSERT_TRUE(world->keys.rotate(tokens::Purpose::access));
    world->end(user, next);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(check_token(text), "session_ended logout");
  }
  done = true;
  threads.clear();
  EXPECT_GT(admitted, 0);
}

}  // namespace
}  // namespace sessions
