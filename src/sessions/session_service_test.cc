#include "sessions/session_service.h"

#include <gtest/gtest.h>

#include "tests/support/session_world.h"

namespace sessions {
namespace {

using accounts::UserId, core::Code, core::Millis, core::Seconds;
using std::chrono::days;

constexpr std::string_view laptop = "macos|chrome|", phone = "ios|safari|";

TEST(LifeOfToken, EndsWithTheSessionUnlessTheClockWasSet) {
  const core::Time began = core::from_millis(1'800'000'000'000);
  const Session session{.created_at = began, .expires_at = began + days(10)};
  const auto life = [&](core::Millis age, Seconds absolute = days(10)) {
    return life_of_token(days(7), session, {.idle = days(1), .absolute = absolute}, began + age);
  };
  EXPECT_EQ(life(Millis(0)), days(7));
  EXPECT_EQ(life(days(3)), days(7));
  EXPECT_EQ(life(days(9)), days(1));
  EXPECT_EQ(life(days(10) - Millis(1)), Seconds(1)) << "a second that has begun";
  EXPECT_EQ(life(days(1), days(2)), days(1)) << "a shorter policy bounds it too";
  EXPECT_EQ(life(days(10)), days(7)) << "alive past its end";
  EXPECT_EQ(life(days(365)), days(7));
  EXPECT_EQ(life(-days(365)), days(7));
}

struct SessionService : testing::Test, test::SessionWorld {
  UserId user = add_user("ann");
  audit::Origin origin{.ip_address = "198.51.100.9", .request_id = "r-1"};

  core::Result<Refreshed> refresh(const crypto::Secret& token, std::string_view family = laptop) {
    return sessions.refresh(token, family, origin);
  }
  // "code" or "code reason".
  template <class T>
  static std::string refusal(const core::Result<T>& answer) {
    if (answer) return "answered";
    const auto& error = answer.error();
    return std::string(core::row(error.code).name) + (error.reason.empty() ? "" : ' ' + error.reason);
  }
  std::vector<Session> list() {
    return transactor.reading([&](core::Tx& tx) { return sessions.list(tx, user, {}); }).value();
  }
  int64_t generation_of(const crypto::Secret& token) { return tokens::RefreshToken::parse(token.expose())->generation; }
  crypto::Secret token_of(SessionId id, int64_t generation) {
    return tokens::issue_refresh_token(*keys.current(), clock.now(), id.value, generation, row(id).secret);
  }
};

TEST_F(SessionService, CreatingStoresRecordsAndIssuesTheFirstToken) {
  const Issued issued = sign_in(user, {.name = "Chrome on macOS", .device_id = "d-1"});
  const Session& stored = row(issued.session.id);
  EXPECT_EQ(stored.user, user);
  EXPECT_EQ(stored.secret.size(), 32u);
  EXPECT_EQ(stored.amr, "pwd");
  EXPECT_EQ(stored.device.device_id, "d-1");
  EXPECT_EQ(stored.ip_address, "192.0.2.1");
  EXPECT_EQ(stored.expires_at, clock.now() + days(365));
  EXPECT_EQ(generation_of(issued.refresh_token), 0);
  EXPECT_EQ(audit.actions(), "session.created");
  EXPECT_EQ(audit.records[0].event.session, stored.id.value);
  EXPECT_TRUE(outbox.announced.empty());
}

TEST_F(SessionService, SessionsShareNoSecret) {
  EXPECT_NE(sign_in(user).session.secret.expose(), sign_in(user).session.secret.expose());
}

TEST_F(SessionService, ARefreshRotatesAndNotesItsUse) {
  const Issued issued = sign_in(user);
  forget();
  clock.advance(Seconds(100));
  const auto next = refresh(issued.refresh_token, phone);
  ASSERT_TRUE(next);
  EXPECT_EQ(generation_of(next->refresh_token), 1);
  const Session& stored = row(issued.session.id);
  EXPECT_EQ(stored.rotation, (Rotation{1, {clock.now()}, std::string(phone)}));
  EXPECT_EQ(stored.refreshed_at, clock.now());
  EXPECT_EQ(stored.last_active_at, clock.now());
  EXPECT_EQ(stored.ip_address, "198.51.100.9");
  EXPECT_EQ(audit.actions(), "");
  EXPECT_TRUE(outbox.announced.empty()) << "a refresh announces nothing";
}

TEST_F(SessionService, TheSameAnswerIsGivenTwice) {
  const Issued issued = sign_in(user);
  const auto first = refresh(issued.refresh_token);
  clock.advance(Seconds(29));
  const auto second = refresh(issued.refresh_token, phone);
  EXPECT_EQ(first->refresh_token.expose(), second->refresh_token.expose());
  EXPECT_EQ(row(issued.session.id).rotation.generation, 1);
}

TEST_F(SessionService, ALateRepetitionIsRecorded) {
  const Issued issued = sign_in(user);
  const auto first = refresh(issued.refresh_token);
  forget();
  clock.advance(days(20));
  const auto late = refresh(issued.refresh_token);
  ASSERT_TRUE(late);
  EXPECT_EQ(first->refresh_token.expose(), late->refresh_token.expose());
  EXPECT_EQ(audit.actions(), "session.refresh_repeated_late");
}

TEST_F(SessionService, TheftEndsRecordsAndAlarms) {
  const Issued issued = sign_in(user);
  ASSERT_TRUE(refresh(issued.refresh_token));
  forget();
  clock.advance(Seconds(31));
  EXPECT_EQ(refusal(refresh(issued.refresh_token, phone)), "session_ended refresh_reuse");
  EXPECT_EQ(end_of(issued.session.id), "refresh_reuse");
  EXPECT_EQ(audit.actions(), "session.ended");
  EXPECT_EQ(audit.records[0].event.detail, "refresh_reuse");
  EXPECT_EQ(alarm.rung, std::vector{issued.session.id});
  EXPECT_EQ(outbox.announced, (std::vector{changes::Change{changes::Kind::session, user.value}}));
  // The family is over, the current token included, and nothing is told twice.
  EXPECT_EQ(refusal(refresh(token_of(issued.session.id, 1))), "session_ended refresh_reuse");
  EXPECT_EQ(refusal(refresh(issued.refresh_token)), "session_ended refresh_reuse");
  EXPECT_EQ(audit.records.size(), 1u);
  EXPECT_EQ(alarm.rung.size(), 1u);
}

// An alarm that cannot be written leaves the session as it was: all of it happens, or nothing.
TEST_F(SessionService, TheftAndItsAlarmAreOneTransaction) {
  struct BrokenAlarm final : Alarm {
    core::Result<> refresh_reused(core::Tx&, const Session&) override { return core::fail(Code::store_unavailable); }
  } broken;
  Service service{transactor, session_rows, audit, outbox, keys, broken, random, clock, guard, session_config};
  const Issued issued = sign_in(user);
  ASSERT_TRUE(refresh(issued.refresh_token));
  forget();
  clock.advance(Seconds(31));
  EXPECT_EQ(refusal(service.refresh(issued.refresh_token, phone, origin)), "store_unavailable");
  EXPECT_EQ(end_of(issued.session.id), "");
  EXPECT_TRUE(audit.records.empty());
  EXPECT_TRUE(outbox.announced.empty());
}

TEST_F(SessionService, ADatabaseThatWentBackIsFastForwarded) {
  const Issued issued = sign_in(user);
  const auto backup = session_rows.sessions;
  auto token = issued.refresh_token;
  for (int i = 0; i < 3; ++i) token = refresh(token)->refresh_token;
  session_rows.sessions = backup;
  forget();
  clock.advance(Seconds(100));
  const auto answer = refresh(token);
  ASSERT_TRUE(answer);
  EXPECT_EQ(generation_of(answer->refresh_token), 4);
  EXPECT_EQ(audit.actions(), "session.refresh_fast_forward");
  EXPECT_TRUE(refresh(answer->refresh_token));
}

TEST_F(SessionService, WhatIsNotOursIsRefusedAlike) {
  const Issued issued = sign_in(user);
  const auto with_secret = [&](SessionId id, const crypto::Secret& secret) {
    return tokens::issue_refresh_token(*keys.current(), clock.now(), id.value, 0, secret);
  };
  EXPECT_EQ(refusal(refresh(crypto::Secret(""))), "refresh_invalid");
  EXPECT_EQ(refusal(refresh(crypto::Secret("ush_r_AAAA"))), "refresh_invalid");
  EXPECT_EQ(refusal(refresh(with_secret(random.id<SessionId>(clock.now()), issued.session.secret))), "refresh_invalid");
  EXPECT_EQ(refusal(refresh(with_secret(issued.session.id, crypto::Secret(std::string(32, 'x'))))), "refresh_invalid");
  EXPECT_EQ(refusal(refresh(with_secret(sign_in(user).session.id, issued.session.secret))), "refresh_invalid");
  EXPECT_EQ(end_of(issued.session.id), "") << "a forgery must not end the session";
}

TEST_F(SessionService, WhatEndedIsRefusedWithItsReason) {
  for (const auto& reason : names_of(EndReason{})) {
    const Issued issued = sign_in(user);
    session_rows.sessions.at(issued.session.id).end = {clock.now(), reason.value};
    EXPECT_EQ(refusal(refresh(issued.refresh_token)), "session_ended " + std::string(reason.text));
  }
}

TEST_F(SessionService, IdleEndsToTheSecond) {
  const Issued issued = sign_in(user);
  clock.advance(session_config.idle_timeout - Seconds(1));
  const auto alive = refresh(issued.refresh_token);
  ASSERT_TRUE(alive);
  clock.advance(session_config.idle_timeout + Seconds(1));
  EXPECT_EQ(refusal(refresh(alive->refresh_token)), "session_ended idle");
  EXPECT_EQ(end_of(issued.session.id), "") << "written only when the database's clock agrees with slack";
  forget();
  clock.advance(Service::expiry_slack);
  EXPECT_EQ(refusal(refresh(alive->refresh_token)), "session_ended idle");
  EXPECT_EQ(end_of(issued.session.id), "idle");
  EXPECT_EQ(audit.actions(), "session.ended");
  EXPECT_EQ(refusal(refresh(alive->refresh_token)), "session_ended idle");
  EXPECT_EQ(audit.records.size(), 1u);
}

TEST_F(SessionService, AShorterTimeoutOfARoleEndsItsHoldersSessions) {
  session_config.role_idle_timeouts = {{"admin", Seconds(60)}};
  session_config.role_absolute_timeouts = {{"admin", Seconds(90)}};
  user = add_user("boss", {"admin"});
  const Issued idle = sign_in(user), used = sign_in(user);
  const core::Time end = clock.now() + Seconds(90);
  const auto listed = list();
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_EQ(listed[0].expires_at, end) << "what is told of it";
  clock.advance(Seconds(59));
  const auto fresh = refresh(used.refresh_token);
  ASSERT_TRUE(fresh);
  clock.advance(Seconds(1));
  EXPECT_EQ(refusal(refresh(idle.refresh_token)), "session_ended idle");
  EXPECT_EQ(list().size(), 1u);
  clock.advance(Seconds(29));
  ASSERT_TRUE(refresh(fresh->refresh_token));
  clock.advance(Seconds(1));
  EXPECT_EQ(refusal(refresh(fresh->refresh_token)), "session_ended absolute");
  clock.advance(Service::expiry_slack);
  EXPECT_EQ(refusal(refresh(fresh->refresh_token)), "session_ended absolute");
  EXPECT_EQ(end_of(used.session.id), "absolute");
}

TEST_F(SessionService, AChainOfRefreshesNeverPassesTheAbsoluteLimit) {
  const Issued issued = sign_in(user);
  auto token = issued.refresh_token;
  const core::Time limit = clock.now() + days(365);
  while (clock.now() + days(20) < limit) {
    clock.advance(days(20));
    token = refresh(token).value().refresh_token;
  }
  clock.advance(limit - clock.now() - Seconds(1));
  token = refresh(token).value().refresh_token;
  clock.advance(Seconds(2));
  EXPECT_EQ(refusal(refresh(token)), "session_ended absolute");
}

TEST_F(SessionService, AShorterPolicyBoundsOlderSessions) {
  const Issued issued = sign_in(user);
  session_config.absolute_timeout = days(2);
  clock.advance(days(2) + Seconds(1));
  EXPECT_EQ(refusal(refresh(issued.refresh_token)), "session_ended absolute");
}

TEST_F(SessionService, AClockThatWasSetEndsNothing) {
  const Issued issued = sign_in(user);
  clock.jump(days(400));
  EXPECT_EQ(refusal(refresh(issued.refresh_token)), "clock_skew");
  guard.compare(clock.now());  // the database's was set, too
  const auto answer = refresh(issued.refresh_token);
  ASSERT_TRUE(answer);
  EXPECT_EQ(list().size(), 1u);
  clock.jump(-days(400));
  guard.compare(clock.now());
  EXPECT_TRUE(refresh(answer->refresh_token));
}

// Tokens of a moment ago would seem an hour old, until the node had compared its clock with the database's.
TEST_F(SessionService, AClockThatWasSetTakesNobodyForAThief) {
  const Issued issued = sign_in(user);
  const auto first = refresh(issued.refresh_token);
  const auto second = refresh(first->refresh_token);
  ASSERT_TRUE(second);
  clock.jump(std::chrono::hours(1));
  EXPECT_EQ(refusal(refresh(issued.refresh_token)), "clock_skew");
  EXPECT_EQ(refusal(refresh(second->refresh_token)), "clock_skew") << "nor is its time written down";
  EXPECT_EQ(end_of(issued.session.id), "");
  clock.jump(-std::chrono::hours(1));
  EXPECT_TRUE(refresh(issued.refresh_token));
}

TEST_F(SessionService, TheListLeavesOutWhatTheClockEnded) {
  sign_in(user);
  clock.advance(days(20));
  const auto newer = sign_in(user).session.id;
  clock.advance(days(11));
  const auto listed = transactor.reading([&](core::Tx& tx) { return sessions.list(tx, user, {}); }).value();
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].id, newer);
}

// So that a caller who asks for the next page learns of those that live.
TEST_F(SessionService, APageIsFilledUpBehindWhatTheClockEnded) {
  session_config.absolute_timeout = days(10);
  const SessionId oldest = sign_in(user).session.id;
  clock.advance(days(5));
  for (int i = 0; i < 3; ++i) sign_in(user);
  session_rows.sessions.at(oldest).created_at = clock.now();
  for (auto& [id, session] : session_rows.sessions)
    if (id != oldest) session.created_at -= days(11);
  const auto page = [&](int64_t limit) {
    return transactor.reading([&](core::Tx& tx) { return sessions.list(tx, user, {.after = {}, .limit = limit}); })
        .value();
  };
  ASSERT_EQ(page(2).size(), 1u);
  EXPECT_EQ(page(2)[0].id, oldest);
  EXPECT_EQ(page(1).size(), 1u);
  session_config.absolute_timeout = days(365);
  EXPECT_EQ(page(3).size(), 3u);
}

TEST_F(SessionService, ANodeWhoseClockIsSkewedRefreshesNothing) {
  const Issued issued = sign_in(user);
  guard.compare(clock.now() - Seconds(31));
  EXPECT_EQ(refusal(refresh(issued.refresh_token)), "clock_skew");
  const auto made = transactor.atomically([&](core::Tx& tx) { return sessions.create(tx, user, {}, "pwd", {}); });
  EXPECT_EQ(refusal(made), "clock_skew");
  guard.compare(clock.now());
  EXPECT_TRUE(refresh(issued.refresh_token));
}

TEST_F(SessionService, TheOldestMakesRoomAtTheLimit) {
  session_config.limit = 2;
  const auto first = sign_in(user).session.id;
  clock.advance(Seconds(1));
  const auto second = sign_in(user).session.id;
  clock.advance(Seconds(1));
  (void)transactor.atomically([&](core::Tx& tx) { return session_rows.touch(tx, {{first, clock.now()}}); });
  forget();
  const auto third = sign_in(user).session.id;
  EXPECT_EQ(end_of(first), "") << "it began first, and was used since";
  EXPECT_EQ(end_of(second), "limit");
  EXPECT_EQ(end_of(third), "");
  EXPECT_EQ(audit.actions(), "session.ended session.created");
  EXPECT_EQ(outbox.announced, (std::vector{changes::Change{changes::Kind::session, user.value}}));
  session_config.limit = 1;
  const auto fourth = sign_in(user).session.id;
  EXPECT_EQ(end_of(first) + end_of(third) + end_of(fourth), "limitlimit") << "also when it was lowered";
}

TEST_F(SessionService, AnImpersonationCountsForNoLimitAndProvesNothing) {
  session_config.limit = 1;
  const auto own = sign_in(user).session.id, by = sign_in(add_user("helper", {"admin"})).session.id;
  forget();
  const auto begun = transactor.atomically([&](core::Tx& tx) {
    return sessions.impersonate(tx, user, {.by = by, .life = Seconds(90), .reason = "a ticket"}, origin);
  });
  const SessionId id = begun->session.id;
  EXPECT_EQ(end_of(own), "");
  EXPECT_EQ(row(id).impersonator, by);
  EXPECT_EQ(row(id).expires_at, clock.now() + Seconds(90));
  EXPECT_FALSE(proved_at(row(id)));
  EXPECT_EQ(audit.actions(), "impersonation.begun");
  EXPECT_EQ(audit.records[0].event.detail, "a ticket");
  EXPECT_EQ(list().size(), 2u) << "the user sees it";
  const auto its_own = transactor.reading([&](core::Tx& tx) { return sessions.list(tx, user, {.own = true}); });
  ASSERT_EQ(its_own->size(), 1u);
  EXPECT_EQ(its_own->front().id, own);
  sign_in(user);
  EXPECT_EQ(end_of(own), "limit");
  EXPECT_EQ(end_of(id), "");
}

TEST_F(SessionService, AtTheLimitASignInMayBeRefused) {
  session_config.limit = 1;
  session_config.at_limit = AtLimit::refuse;
  const auto first = sign_in(user).session.id;
  const auto begin = [&] {
    return transactor.atomically([&](core::Tx& tx) { return sessions.create(tx, user, {}, "pwd", {}); });
  };
  EXPECT_EQ(refusal(begin()), "session_limit");
  EXPECT_EQ(end_of(first), "");
  clock.advance(session_config.idle_timeout);
  EXPECT_TRUE(begin()) << "one that the clock has ended does not count";
}

// It would have that clock's times, and other nodes would end it by them.
TEST_F(SessionService, NothingBeginsByAClockThatWasSetUntilItIsComparedWithTheDatabases) {
  const auto begin = [&](const core::ClockGuard& judge) {
    sessions::Service service(transactor, session_rows, audit, outbox, keys, alarm, random, clock, judge,
                              session_config);
    const auto made = transactor.atomically([&](core::Tx& tx) { return service.create(tx, user, {}, "pwd", {}); });
    return made ? "" : refusal(made);
  };
  const core::ClockGuard embedded(clock, core::ClockGuard::DatabaseClock::same);
  const Issued issued = sign_in(user);
  clock.jump(-days(365));
  EXPECT_EQ(begin(guard), "clock_skew");
  EXPECT_EQ(begin(embedded), "");
  guard.compare(clock.now());
  EXPECT_EQ(begin(guard), "") << "the database's clock agrees";
  EXPECT_TRUE(refresh(issued.refresh_token)) << "what lives is not ended by it";
}

TEST_F(SessionService, AStoreThatDoesNotAnswerIsNoRefusal) {
  const Issued issued = sign_in(user);
  transactor.unavailable = true;
  EXPECT_EQ(refusal(refresh(issued.refresh_token)), "store_unavailable");
  // Also for a token whose key is not known here: a newer key may exist.
  clock.advance(Seconds(2));
  std::string other_key(issued.refresh_token.expose());
  other_key[8] = other_key[8] == 'A' ? 'B' : 'A';
  EXPECT_EQ(refusal(refresh(crypto::Secret(other_key))), "store_unavailable");
  transactor.unavailable = false;
  clock.advance(Seconds(1));
  EXPECT_EQ(refusal(refresh(crypto::Secret(other_key))), "refresh_invalid");
  EXPECT_TRUE(refresh(issued.refresh_token));
}

TEST_F(SessionService, ATokenOfAnEarlierKeyStillRefreshes) {
  const Issued issued = sign_in(user);
  ASSERT_TRUE(keys.rotate(tokens::Purpose::refresh));
  ASSERT_TRUE(keys.reload());
  clock.advance(tokens::KeyRing::staleness);
  const auto answer = refresh(issued.refresh_token);
  ASSERT_TRUE(answer);
  const auto parsed = tokens::RefreshToken::parse(answer->refresh_token.expose());
  EXPECT_NE(parsed->key, tokens::RefreshToken::parse(issued.refresh_token.expose())->key);
  EXPECT_TRUE(refresh(answer->refresh_token));
}

TEST_F(SessionService, EndingIsRecordedAndAnnouncedOnce) {
  const auto id = sign_in(user).session.id;
  forget();
  const auto end = [&](UserId owner) {
    return transactor.atomically([&](core::Tx& tx) { return sessions.end(tx, owner, id, EndReason::logout, origin); })
        .value();
  };
  EXPECT_TRUE(end(user));
  EXPECT_EQ(audit.actions(), "session.ended");
  EXPECT_EQ(outbox.announced.size(), 1u);
  // The second caller is told that it is over, so this process must know of it, too.
  EXPECT_FALSE(end(user));
  EXPECT_EQ(audit.actions(), "session.ended");
  EXPECT_EQ(outbox.announced.size(), 2u);
  EXPECT_EQ(end_of(id), "logout");
}

TEST_F(SessionService, EndingWhatIsAnothersIsRefusedAndRecorded) {
  const auto id = sign_in(user).session.id;
  const UserId eve = add_user("eve");
  forget();
  const auto ended =
      transactor.atomically([&](core::Tx& tx) { return sessions.end(tx, eve, id, EndReason::logout, origin); });
  EXPECT_FALSE(ended.value());
  EXPECT_EQ(end_of(id), "");
  EXPECT_TRUE(outbox.announced.empty());
  EXPECT_EQ(audit.actions(), "session.end_refused");
}

TEST_F(SessionService, EndingAllKeepsOneAndTellsOfEach) {
  const auto kept = sign_in(user).session.id, other = sign_in(user).session.id, third = sign_in(user).session.id;
  forget();
  const auto end_all = [&](std::optional<SessionId> except) {
    return transactor
        .atomically([&](core::Tx& tx) { return sessions.end_all(tx, user, EndReason::logout_all, except, origin); })
        .value();
  };
  EXPECT_EQ(end_all(kept), 2);
  EXPECT_EQ(audit.actions(), "session.ended session.ended");
  EXPECT_EQ(end_of(kept) + end_of(other) + end_of(third), "logout_alllogout_all");
  EXPECT_EQ(end_all(std::nullopt), 1);
  EXPECT_EQ(end_all(std::nullopt), 0);
  EXPECT_EQ(outbox.announced.size(), 3u);
}

struct WentBack : SessionService {
  // Signs out, and loses the transaction.
  SessionId lost(EndReason reason = EndReason::logout) {
    const auto id = sign_in(user).session.id;
    EXPECT_TRUE(transactor.atomically([&](core::Tx& tx) { return sessions.end(tx, user, id, reason, origin); }));
    session_rows.sessions.at(id).end.reset();
    forget();
    return id;
  }
};

TEST_F(WentBack, WhatEndedHereAndLivesAgainEndsAgainWithItsReason) {
  const auto first = lost(EndReason::not_me), second = lost();
  const auto other = sign_in(user).session.id;
  forget();
  ASSERT_TRUE(sessions.end_again());
  EXPECT_EQ(end_of(first), "not_me");
  EXPECT_EQ(end_of(second), "logout");
  EXPECT_EQ(end_of(other), "") << "it never ended";
  EXPECT_EQ(audit.actions(), "session.ended session.ended");
  EXPECT_EQ(audit.records[0].event.detail, "not_me again: the database had lost it");
  EXPECT_EQ(audit.records[0].origin.ip_address, "");
  EXPECT_EQ(outbox.announced, std::vector(2, changes::Change{changes::Kind::session, user.value}));
  ASSERT_TRUE(sessions.end_again());
  EXPECT_EQ(audit.records.size(), 2u) << "what stayed ended is not touched";
}

TEST_F(WentBack, WhatTheDatabaseNoLongerKnowsIsLetBe) {
  session_rows.sessions.erase(lost());
  ASSERT_TRUE(sessions.end_again());
  EXPECT_TRUE(audit.records.empty());
}

TEST_F(WentBack, AnEndThatWasNotCommittedIsNotRemembered) {
  const auto id = sign_in(user).session.id;
  EXPECT_FALSE(transactor.atomically([&](core::Tx& tx) -> core::Result<> {
    TRY(sessions.end(tx, user, id, EndReason::logout, origin));
    return core::fail(Code::conflict);
  }));
  ASSERT_TRUE(sessions.end_again());
  EXPECT_EQ(end_of(id), "");
}

TEST_F(WentBack, AfterTenMinutesItIsLetBe) {
  const auto early = lost();
  clock.advance(Millis(1));
  const auto late = lost();
  clock.advance(RecentEnds::kept - Millis(1));
  ASSERT_TRUE(sessions.end_again());
  EXPECT_EQ(end_of(early), "");
  EXPECT_EQ(end_of(late), "logout");
}

TEST_F(WentBack, AnEndThatIsLostASecondTimeIsRepeatedASecondTime) {
  const auto id = lost();
  clock.advance(RecentEnds::kept - Millis(1));
  ASSERT_TRUE(sessions.end_again());
  session_rows.sessions.at(id).end.reset();
  clock.advance(RecentEnds::kept - Millis(1));
  ASSERT_TRUE(sessions.end_again());
  EXPECT_EQ(end_of(id), "logout");
}

TEST_F(SessionService, AnEventDoesWhatItsSettingSays) {
  const auto outcome = [&](Reaction reaction) {
    session_config.reactions.password_change = reaction;
    const SessionId here = sign_in(user).session.id, there = sign_in(user).session.id;
    const auto ended = transactor.atomically(
        [&](core::Tx& tx) { return sessions.react(tx, Event::password_changed, user, here, origin); });
    const auto state = [&](SessionId id) {
      return row(id).end ? end_of(id) : proved_at(row(id)) ? std::string("as it was") : "owes a proof";
    };
    const std::string text = std::to_string(ended.value()) + ": " + state(here) + ", " + state(there);
    for (auto& [id, session] : session_rows.sessions) session.end = {clock.now(), EndReason::admin};
    return text;
  };
  EXPECT_EQ(outcome(Reaction::keep), "0: as it was, as it was");
  EXPECT_EQ(outcome(Reaction::step_up), "0: as it was, owes a proof");
  EXPECT_EQ(outcome(Reaction::end_others), "1: as it was, password_changed");
  EXPECT_EQ(outcome(Reaction::end_all), "2: password_changed, password_changed");
}

TEST_F(SessionService, AProofThatWasTakenBackIsRecordedAndToldAndGivenAnew) {
  session_config.reactions.role_change = Reaction::step_up;
  const SessionId id = sign_in(user).session.id;
  forget();
  clock.advance(Millis(300));
  ASSERT_TRUE(transactor.atomically(
      [&](core::Tx& tx) { return sessions.react(tx, Event::roles_changed, user, std::nullopt, origin); }));
  EXPECT_FALSE(proved_at(row(id)));
  EXPECT_EQ(audit.actions(), "session.proofs_taken_back");
  EXPECT_EQ(audit.records[0].event.detail, "roles_changed");
  EXPECT_EQ(outbox.announced, (std::vector{changes::Change{changes::Kind::session, user.value}}));
  // In the second in which it was taken back, too, though tokens tell whole seconds.
  ASSERT_TRUE(
      transactor.atomically([&](core::Tx& tx) { return sessions.authenticate(tx, user, id, "pwd", origin); }).value());
  EXPECT_EQ(proved_at(row(id)), std::chrono::ceil<Seconds>(clock.now()));
}

}  // namespace
}  // namespace sessions
