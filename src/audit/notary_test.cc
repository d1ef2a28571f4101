// Sealing on both engines: nothing is left out, nothing twice, whoever does it; and what the verifier sees of it.
#include "audit/notary.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "audit/audit_store_sql.h"
#include "audit/seal_store_sql.h"
#include "audit/verifier.h"
#include "storage/database.h"
#include "tests/support/databases.h"
#include "tests/support/postgres_server.h"

namespace audit {
namespace {

using core::Millis, core::Seconds, crypto::least_uuid7, crypto::time_of;

// SQLite's clock is the test's; PostgreSQL's is its own, and moves a row's time instead.
using Open = std::unique_ptr<storage::Database> (*)(const core::Clock&);
std::unique_ptr<storage::Database> sqlite(const core::Clock& clock) { return support::open_test_sqlite(clock); }
std::unique_ptr<storage::Database> postgres(const core::Clock&) { return support::open_test_postgres(); }

struct Node {
  Node(storage::Database& database, SealStore& seals, Store& audit, const crypto::SigningKey& key,
       const core::Clock& clock)
      : notary({database, seals, audit, key, clock}) {}
  // Until nothing more is to be done.
  void seal() {
    for (;;) {
      const auto more = notary.seal();
      ASSERT_TRUE(more) << more.error().cause;
      if (!*more) return;
    }
  }
  Notary notary;
};

class Sealing : public testing::TestWithParam<Open> {
 protected:
  void SetUp() override {
    clock.jump(core::SystemClock().now() - clock.now());
    database = GetParam()(clock);
    if (!database) GTEST_SKIP() << support::postgres_absent;
  }
  // Written at `at` by its id, whenever its transaction commits.
  core::Uuid append_at(core::Time at, const std::string& action = "login.failed") {
    core::FakeClock then(at);
    const auto made = create_sql_store(random, then);
    EXPECT_TRUE(database->atomically([&](core::Tx& tx) { return made->append(tx, {action, subject, {}, "x"}, {}); }));
    const auto newest = database->reading(
        [&](core::Tx& tx) { return audit->list(tx, {.before = least_uuid7(at + Millis(1)), .limit = 1}); });
    return newest->records.at(0).id;
  }
  core::Uuid append(const std::string& action = "login.failed") {
    std::this_thread::sleep_for(Millis(2));  // each has a time of its own
    return append_at(core::SystemClock().now(), action);
  }
  std::vector<Seal> seals() {
    return database->reading([&](core::Tx& tx) { return rows->list(tx, 0, 1000); }).value();
  }
  Report verify(std::optional<std::pair<int64_t, crypto::Digest256>> known = {}) {
    return database->reading([&](core::Tx& tx) { return Verifier(*rows, key.verify_key()).run(tx, known); }).value();
  }
  std::string findings() {
    std::string all;
    for (const auto& finding : verify().findings) all += finding + '\n';
    return all;
  }
  void change(std::string_view statement) {
    ASSERT_TRUE(database->atomically([&](core::Tx& tx) { return storage::sql(tx).query(statement); }));
  }
  void change(std::string_view statement, const core::Uuid& id) {
    ASSERT_TRUE(database->atomically([&](core::Tx& tx) { return storage::sql(tx).query(statement, id); }));
  }
  // Until whoever did not make the last seal may make one.
  void wait_for_lease() {
    std::this_thread::sleep_for(Notary::lease + Millis(100));
    clock.advance(Notary::lease + Millis(100));
  }
  std::unique_ptr<Node> node() { return std::make_unique<Node>(*database, *rows, *audit, key, clock); }

  core::FakeClock clock;
  crypto::SystemRandom random;
  const core::Uuid subject = random.uuid7(clock.now());
  std::unique_ptr<storage::Database> database;
  std::unique_ptr<Store> audit = create_sql_store(random, clock);
  std::unique_ptr<SealStore> rows = create_sql_seal_store();
  crypto::SigningKey key = head_key(crypto::Secret(std::string(32, 'k'))).value();
};

TEST_P(Sealing, SealsEveryEventOnceAndInOrder) {
  const auto notary = node();
  std::vector<core::Uuid> written;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 3; ++i) written.push_back(append());
    notary->seal();
    notary->seal();  // finds nothing new
  }
  std::vector<core::Uuid> sealed;
  for (const Seal& seal : seals())
    for (const Leaf& leaf : seal.leaves) sealed.push_back(leaf.event);
  std::ranges::sort(written);
  std::ranges::sort(sealed);
  EXPECT_EQ(sealed, written);
  EXPECT_EQ(findings(), "");
  const Report report = verify();
  EXPECT_EQ(report.events, 15);
  EXPECT_EQ(report.unsealed, 0);
  EXPECT_EQ(report.seals, 5);
}

TEST_P(Sealing, WhatIsOlderThanTheChainIsSealedWhenItBegins) {
  const core::Time now = core::SystemClock().now();
  for (int i = 0; i < 20; ++i) append_at(now - Seconds(86'400) * (20 - i));
  node()->seal();
  EXPECT_EQ(verify().events, 20);
  EXPECT_EQ(findings(), "");
}

TEST_P(Sealing, WhatWasWrittenWhileNoServerRanIsSealedByTheNext) {
  if (GetParam() == postgres) return;  // whose clock nobody moves
  clock.jump(std::chrono::hours(-2));
  append_at(clock.now());
  node()->seal();
  clock.advance(std::chrono::hours(1));
  append_at(clock.now());
  clock.advance(std::chrono::hours(1));
  node()->seal();
  EXPECT_EQ(verify().events, 2);
  EXPECT_EQ(verify().late, 1);
  EXPECT_EQ(findings(), "");
}

TEST_P(Sealing, AnEventThatCommitsLateIsSealedByALaterLook) {
  const auto notary = node();
  append();
  notary->seal();
  notary->seal();
  append_at(core::SystemClock().now() - Seconds(300));
  notary->seal();
  EXPECT_EQ(verify().unsealed, 1);
  clock.advance(Notary::far_every);
  notary->seal();
  EXPECT_EQ(verify().unsealed, 0);
  EXPECT_EQ(findings(), "");
}

TEST_P(Sealing, ASecondNodeKeepsAwayAndTakesOverWithoutSealingTwice) {
  const auto first = node(), second = node();
  append();
  first->seal();
  append();
  second->seal();
  EXPECT_EQ(verify().unsealed, 1) << "the first sealed a moment ago";
  wait_for_lease();
  second->seal();
  EXPECT_EQ(verify().unsealed, 0);
  append();
  second->seal();
  EXPECT_EQ(verify().events, 3);
  EXPECT_EQ(findings(), "");
}

TEST_P(Sealing, OfNodesThatSealAtOnceOneSucceeds) {
  for (int i = 0; i < 50; ++i) append();
  std::vector<std::unique_ptr<Node>> nodes;
  for (int i = 0; i < 4; ++i) nodes.push_back(node());
  {
    std::vector<std::jthread> threads;
    for (const auto& one : nodes) threads.emplace_back([&] { (void)one->notary.seal(); });
  }
  EXPECT_EQ(verify().events, 50);
  EXPECT_EQ(seals().size(), 1u);
  EXPECT_EQ(findings(), "");
}

TEST_P(Sealing, IdleNodesSealNothingAndTheNextEventOnce) {
  if (GetParam() == postgres) return;  // whose clock nobody moves
  const auto first = node(), second = node();
  append();
  first->seal();
  for (int i = 0; i < 60; ++i) {
    clock.advance(std::chrono::minutes(1));
    first->seal();
    second->seal();
  }
  EXPECT_EQ(seals().size(), 1u);
  append_at(clock.now());
  second->seal();
  first->seal();
  EXPECT_EQ(verify().events, 2);
  EXPECT_EQ(seals().size(), 2u);
  EXPECT_EQ(findings(), "");
}

TEST_P(Sealing, NodesThatStartAgainAndAgainSealNothingTwice) {
  for (int i = 0; i < 5; ++i) append_at(core::SystemClock().now() - Seconds(86'400) * (5 - i));
  for (int i = 0; i < 4; ++i) {
    node()->seal();
    clock.advance(std::chrono::minutes(40));
  }
  EXPECT_EQ(verify().events, 5);
  EXPECT_EQ(findings(), "");
}

TEST_P(Sealing, AClockThatIsSetLosesNothingAndSealsNothingTwice) {
  if (GetParam() == postgres) return;
  const auto notary = node();
  const auto write_and_seal = [&] {
    clock.advance(Seconds(1));
    append_at(clock.now());
    notary->seal();
  };
  write_and_seal();
  for (const auto jump :
       {std::chrono::hours(1), std::chrono::hours(-1), std::chrono::hours(-24), std::chrono::hours(48)}) {
    append_at(clock.now());
    clock.jump(jump);
    write_and_seal();
    write_and_seal();
  }
  EXPECT_EQ(verify().events, 13);
  EXPECT_EQ(findings(), "");
}

TEST_P(Sealing, WhoeverRewritesTheChainIsNotSignedFor) {
  const auto notary = node();
  const core::Uuid id = append();
  notary->seal();
  append();
  notary->seal();
  const auto whole = seals();
  change("UPDATE audit_events SET detail = 'y' WHERE id = $1", id);
  const auto changed =
      database->reading([&](core::Tx& tx) { return rows->events(tx, least_uuid7(time_of(id)), 1); })->at(0);
  Seal one = next_seal({}, whole[0].at, {{id, digest_of(changed)}}), two = next_seal(one, whole[1].at, whole[1].leaves);
  change("DELETE FROM audit_seals");
  ASSERT_TRUE(database->atomically([&](core::Tx& tx) -> core::Result<> {
    TRY(rows->append(tx, one));
    return rows->append(tx, two);
  }));
  EXPECT_NE(findings().find("seal 1 is not signed"), std::string::npos);
  append();
  notary->seal();
  notary->seal();
  EXPECT_NE(findings().find("seal 1 is not signed"), std::string::npos);
  EXPECT_NE(findings().find("were lost"), std::string::npos) << findings();
}

TEST_P(Sealing, SealsThatAreRemovedWhileANodeRunsAreOnRecord) {
  const auto notary = node();
  append();
  notary->seal();
  append();
  notary->seal();
  change("DELETE FROM audit_seals WHERE number = 2");
  wait_for_lease();
  for (int i = 0; i < 3; ++i) notary->seal();
  const Report report = verify();
  ASSERT_EQ(report.findings.size(), 1u) << findings();
  EXPECT_NE(report.findings[0].find("seals 2 to 2 were lost"), std::string::npos) << report.findings[0];
  EXPECT_TRUE(verify(std::pair(report.last.number, report.last.head)).findings.empty()) << "it was noted afterwards";
}

TEST_P(Sealing, EveryRowThatWasTamperedWithIsNamed) {
  const auto notary = node();
  std::vector<core::Uuid> ids;
  for (int i = 0; i < 9; ++i) {
    ids.push_back(append());
    if (i % 3 == 2) notary->seal();
  }
  ASSERT_EQ(findings(), "");
  for (const std::string_view column : {"action", "ip_address", "request_id", "detail", "device"}) {
    change("UPDATE audit_events SET " + std::string(column) + " = " + std::string(column) + " || '!' WHERE id = $1",
           ids[4]);
    EXPECT_NE(findings().find("event " + ids[4].str() + " of seal 2 was changed"), std::string::npos) << column;
    change("UPDATE audit_events SET " + std::string(column) + " = substr(" + std::string(column) + ", 1, length(" +
               std::string(column) + ") - 1) WHERE id = $1",
           ids[4]);
    ASSERT_EQ(findings(), "") << column;
  }
  change("UPDATE audit_events SET at = at + 1 WHERE id = $1", ids[0]);
  EXPECT_EQ(findings(), "event " + ids[0].str() + " of seal 1 was changed\n");
  change("UPDATE audit_events SET at = at - 1, subject = NULL WHERE id = $1", ids[0]);
  EXPECT_EQ(findings(), "event " + ids[0].str() + " of seal 1 was changed\n");
  change("DELETE FROM audit_events WHERE id = $1", ids[0]);
  EXPECT_EQ(findings(), "event " + ids[0].str() + " of seal 1 is missing\n");
}

TEST_P(Sealing, TwoEventsThatChangedPlacesAreNamed) {
  const core::Uuid one = append("login.failed"), other = append("session.created");
  node()->seal();
  change(
      "UPDATE audit_events SET action = CASE action WHEN 'login.failed' THEN 'session.created' ELSE 'login.failed' "
      "END");
  const std::string found = findings();
  EXPECT_NE(found.find("event " + one.str()), std::string::npos);
  EXPECT_NE(found.find("event " + other.str()), std::string::npos);
}

TEST_P(Sealing, AnEventThatWasAddedAfterwardsIsNamed) {
  append();
  node()->seal();
  const core::Uuid forged = append_at(core::SystemClock().now() - Notary::far - Seconds(60));
  EXPECT_EQ(findings(), "event " + forged.str() + " is in no seal\n");
}

TEST_P(Sealing, SealsThatWereTamperedWithAreNamed) {
  const auto notary = node();
  for (int i = 0; i < 3; ++i) {
    append();
    notary->seal();
  }
  const auto whole = seals();
  // Whoever knows the rules can make a chain that is sound, but not sign it.
  Seal forged = next_seal(Seal{}, whole[0].at, {});
  change("DELETE FROM audit_seals WHERE number = 1");
  EXPECT_NE(findings().find("the seals before 2 are missing"), std::string::npos);
  forged.signature = whole[0].signature;
  ASSERT_TRUE(database->atomically([&](core::Tx& tx) { return rows->append(tx, forged); }));
  EXPECT_NE(findings().find("seal 1 is not signed by the key"), std::string::npos);
  EXPECT_NE(findings().find("seal 2 does not follow the one before it"), std::string::npos);
  change("DELETE FROM audit_seals WHERE number = 2");
  EXPECT_NE(findings().find("before seal 3 seals are missing"), std::string::npos);
  change("UPDATE audit_seals SET at = at + 1 WHERE number = 3");
  EXPECT_NE(findings().find("seal 3 was changed"), std::string::npos);
}

TEST_P(Sealing, ANotedHeadShowsThatTheEndWasCutOff) {
  const auto notary = node();
  append();
  notary->seal();
  const core::Uuid last = append();
  notary->seal();
  const Seal noted = verify().last;
  EXPECT_TRUE(verify(std::pair(noted.number, noted.head)).findings.empty());
  change("DELETE FROM audit_seals WHERE number = 2");
  change("DELETE FROM audit_events WHERE id = $1", last);
  EXPECT_EQ(findings(), "") << "the database alone cannot tell";
  EXPECT_EQ(verify(std::pair(noted.number, noted.head)).findings.size(), 1u);
  EXPECT_EQ(verify(std::pair(int64_t{1}, noted.head)).findings.size(), 1u) << "another head than was noted";
}

TEST_P(Sealing, ANotedHeadIsComparedAfterItsSealWasRemovedInTime) {
  const auto notary = node();
  std::vector<Seal> noted;
  for (int i = 0; i < 4; ++i) {
    append();
    notary->seal();
    noted.push_back(verify().last);
  }
  ASSERT_TRUE(database->atomically(
      [&](core::Tx& tx) { return notary->notary.prune(tx, core::SystemClock().now() + Seconds(60), 3); }));
  ASSERT_EQ(verify().first_number, 3);
  EXPECT_TRUE(verify(std::pair(int64_t{2}, noted[1].head)).findings.empty());
  EXPECT_EQ(verify(std::pair(int64_t{2}, noted[0].head)).findings.size(), 1u);
  EXPECT_EQ(verify(std::pair(int64_t{1}, noted[0].head)).findings.size(), 1u) << "nothing is left to compare it with";
}

TEST_P(Sealing, WhatIsRemovedInTimeLeavesAChainThatHolds) {
  const auto notary = node();
  std::vector<core::Uuid> ids;
  for (int i = 0; i < 4; ++i) {
    ids.push_back(append());
    notary->seal();
  }
  const auto prune = [&](core::Time before) {
    return database->atomically([&](core::Tx& tx) { return notary->notary.prune(tx, before, 4); }).value();
  };
  EXPECT_EQ(prune(core::Time{}), 0);
  EXPECT_EQ(prune(core::SystemClock().now() + Seconds(60)), 4) << "a seal and its event are two rows";
  EXPECT_EQ(prune(core::SystemClock().now() + Seconds(60)), 2) << "the last stays";
  notary->seal();
  EXPECT_EQ(findings(), "");
  EXPECT_EQ(verify().first_number, 4);
  EXPECT_EQ(verify().events, 3) << "the last, and the two that say what was removed";
  change("DELETE FROM audit_seals WHERE number = 4");
  EXPECT_NE(findings().find("the seals before 5 are missing"), std::string::npos);
}

TEST_P(Sealing, WhoOnlyWritesToTheDatabaseRemovesNothingInTheSettingsName) {
  const auto notary = node();
  for (int i = 0; i < 3; ++i) {
    append();
    notary->seal();
  }
  change("DELETE FROM audit_events WHERE id < (SELECT id FROM audit_events ORDER BY id DESC LIMIT 1)");
  change("DELETE FROM audit_seals WHERE number < 3");
  ASSERT_TRUE(database->atomically(
      [&](core::Tx& tx) { return audit->append(tx, {.action = std::string(pruned), .detail = "2 c2lnbmVk"}, {}); }));
  notary->seal();
  EXPECT_NE(findings().find("the seals before 3 are missing"), std::string::npos) << findings();
}

INSTANTIATE_TEST_SUITE_P(Sqlite, Sealing, testing::Values(sqlite));
INSTANTIATE_TEST_SUITE_P(Postgres, Sealing, testing::Values(postgres));

TEST(Chain, NoTwoEventsGiveTheSameBytes) {
  Record one, other;
  one.event.action = "ab";
  one.event.detail = "c";
  other.event.action = "a";
  other.event.detail = "bc";
  EXPECT_NE(digest_of(one), digest_of(other));
  other = one;
  std::swap(other.origin.actor, other.event.subject);
  EXPECT_EQ(digest_of(one), digest_of(other));
  one.event.subject = core::Uuid{};
  EXPECT_NE(digest_of(one), digest_of(other));
  std::swap(one.origin.actor, other.origin.actor);
  other.origin.actor = core::Uuid{};
  EXPECT_NE(digest_of(one), digest_of(other));
  other = one;
  one.origin.device = "Chrome on macOS";
  EXPECT_NE(digest_of(one), digest_of(other));
  other.origin.device = "Chrome on macOs";
  EXPECT_NE(digest_of(one), digest_of(other));
}

TEST(Chain, LeavesArePackedAndUnpacked) {
  crypto::SeededRandom random(1);
  std::vector<Leaf> leaves(3);
  for (auto& leaf : leaves) {
    leaf.event = random.uuid7(core::from_millis(5));
    random.fill(leaf.digest);
  }
  auto packed = pack(leaves);
  EXPECT_EQ(unpack(packed), leaves);
  packed.pop_back();
  EXPECT_FALSE(unpack(packed));
}

TEST(Chain, TheLeastIdOfATimeIsBelowAllOthersOfIt) {
  crypto::SeededRandom random(1);
  const core::Time time = core::from_millis(1'800'000'000'123);
  EXPECT_EQ(time_of(least_uuid7(time)), time);
  for (int i = 0; i < 100; ++i) {
    const auto id = random.uuid7(time);
    EXPECT_EQ(time_of(id), time);
    EXPECT_TRUE(least_uuid7(time) < id && id < least_uuid7(time + Millis(1)));
  }
}

}  // namespace
}  // namespace audit
