#include "tokens/key_ring.h"

#include <gtest/gtest.h>

#include <barrier>
#include <set>
#include <thread>

#include "tests/support/databases.h"
#include "tests/support/fake_keys.h"
#include "tests/support/fake_outbox.h"
#include "tests/support/fake_transactor.h"
#include "tests/support/postgres_server.h"
#include "tokens/access_token.h"
#include "tokens/key_store_sql.h"

namespace tokens {
namespace {

using core::Seconds;
using crypto::Algorithm, crypto::Secret;

Secret master(char mark) { return Secret(std::string(32, mark)); }

struct KeyRingTest : testing::Test {
  core::FakeClock clock;
  crypto::SeededRandom random{21};
  test::FakeTransactor transactor;
  test::FakeKeys store;
  test::FakeOutbox outbox;
  crypto::Sealer sealer{master('m')};
  Config config{.access_ttl = Seconds(1000)};
  KeyRing ring = make_ring(sealer);

  KeyRingTest() {
    transactor.track(store.keys);
    transactor.track(outbox.announced);
  }
  KeyRing make_ring(const crypto::Sealer& with) {
    return {transactor, store, outbox, with, random, clock, config, Seconds(5000)};
  }
  void make_missing() {
    ASSERT_TRUE(transactor.atomically([&](core::Tx& tx) { return ring.make_missing(tx); }));
    ASSERT_TRUE(ring.reload());
  }
  void adopt_algorithm() { ASSERT_TRUE(ring.adopt_algorithm() && ring.reload()); }
  Algorithm algorithm() { return ring.current()->signer(clock.now()).algorithm(); }
  int count(Purpose purpose) { return static_cast<int>(std::ranges::count(store.keys, purpose, &StoredKey::purpose)); }
  std::string issue() {
    const core::Time now = clock.now();
    const AccessClaims claims{random.uuid7(now), random.uuid7(now), random.uuid7(now), now, now + config.access_ttl};
    return std::string(issue_access_token(*ring.current(), config, claims).value().expose());
  }
  bool verifies(const std::string& token) {
    return verify_access_token(token, *ring.current(), config, clock.now()).has_value();
  }
  std::string signer() { return ring.current()->signer(clock.now()).kid(); }
};

TEST_F(KeyRingTest, TheFirstKeysAreMadeOnceAndAnnounced) {
  make_missing();
  EXPECT_EQ(count(Purpose::access), 1);
  EXPECT_EQ(count(Purpose::refresh), 1);
  EXPECT_EQ(outbox.announced.size(), 2u);
  make_missing();
  EXPECT_EQ(store.keys.size(), 2u);
  EXPECT_TRUE(verifies(issue()));
}

TEST_F(KeyRingTest, PrivateKeysAreSealed) {
  make_missing();
  for (const auto& key : store.keys) {
    const auto opened =
        sealer.open(key.sealed, "signing-key:" + std::string(core::to_text(key.purpose)) + ':' + key.kid);
    ASSERT_TRUE(opened);
    EXPECT_EQ(std::ranges::search(key.sealed, opened->bytes()).size(), 0u);
  }
}

TEST_F(KeyRingTest, WithoutKeysNothingIsLoaded) {
  EXPECT_FALSE(ring.reload());
  EXPECT_FALSE(ring.current());
}

TEST_F(KeyRingTest, AnotherMasterKeyIsToldByName) {
  make_missing();
  const crypto::Sealer other(master('x'));
  KeyRing wrong = make_ring(other);
  const auto read = wrong.reload();
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().detail.find("keys.master"), std::string::npos);
}

TEST_F(KeyRingTest, AKeyThatWasMovedToAnotherRowDoesNotOpen) {
  make_missing();
  std::swap(store.keys[0].sealed, store.keys[1].sealed);
  EXPECT_FALSE(make_ring(sealer).reload());
}

TEST_F(KeyRingTest, AFailedReloadKeepsWhatWasKnown) {
  make_missing();
  const auto known = ring.current();
  transactor.unavailable = true;
  const auto read = ring.reload();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, core::Code::store_unavailable);
  EXPECT_EQ(ring.current(), known);
}

TEST_F(KeyRingTest, ANewKeyIsPublishedBeforeItSigns) {
  make_missing();
  const std::string old = signer(), old_token = issue();
  const auto made = ring.rotate(Purpose::access);
  ASSERT_TRUE(made && ring.reload());
  EXPECT_NE(ring.current()->jwks.find(*made), std::string::npos);
  EXPECT_NE(ring.current()->jwks.find(old), std::string::npos);
  clock.advance(KeyRing::staleness - core::Millis(1));
  EXPECT_EQ(signer(), old);
  clock.advance(core::Millis(1));
  EXPECT_EQ(signer(), *made);
  EXPECT_TRUE(verifies(old_token));
  EXPECT_TRUE(verifies(issue()));
}

TEST_F(KeyRingTest, TheOldKeyVerifiesUntilItsLastTokenIsGone) {
  make_missing();
  ASSERT_TRUE(ring.rotate(Purpose::access) && ring.reload());
  clock.advance(KeyRing::staleness - core::Millis(1));
  const std::string last = issue();  // by the old key
  clock.advance(config.access_ttl - Seconds(1));
  EXPECT_TRUE(verifies(last));
  clock.advance(Seconds(60));
  const auto read = verify_access_token(last, *ring.current(), config, clock.now());
  EXPECT_TRUE(names_unknown_key(read.error()));
}

TEST_F(KeyRingTest, RetiredKeysAreClearedAwayByLaterRotations) {
  make_missing();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(ring.rotate(Purpose::access));
    clock.advance(std::chrono::hours(1));
  }
  EXPECT_EQ(count(Purpose::access), 2) << "the one that signs, and the one before it";
  EXPECT_EQ(count(Purpose::refresh), 1);
}

TEST_F(KeyRingTest, TwoRotationsInARowLoseNoToken) {
  make_missing();
  const std::string first = issue();
  ASSERT_TRUE(ring.rotate(Purpose::access) && ring.rotate(Purpose::access) && ring.reload());
  EXPECT_TRUE(verifies(first));
  EXPECT_TRUE(verifies(issue()));
  clock.advance(KeyRing::staleness);
  EXPECT_TRUE(verifies(issue()));
}

TEST_F(KeyRingTest, RefreshKeysRotateByTheirOwnLifetime) {
  make_missing();
  const auto old = ring.current()->mac(clock.now()).id;
  ASSERT_TRUE(ring.rotate(Purpose::refresh) && ring.reload());
  EXPECT_EQ(ring.current()->mac(clock.now()).id, old);
  clock.advance(KeyRing::staleness);
  EXPECT_NE(ring.current()->mac(clock.now()).id, old);
  clock.advance(Seconds(5000));
  EXPECT_TRUE(ring.current()->mac(old, clock.now()));
  clock.advance(KeyRing::staleness);
  EXPECT_FALSE(ring.current()->mac(old, clock.now()));
}

TEST_F(KeyRingTest, AnotherAlgorithmIsPublishedFirstAndTheOldKeyVerifiesOn) {
  make_missing();
  const std::string old = issue();
  config.algorithm = Algorithm::EdDSA;
  adopt_algorithm();
  EXPECT_NE(ring.current()->jwks.find("EdDSA"), std::string::npos);
  EXPECT_EQ(algorithm(), Algorithm::ES256);
  clock.advance(KeyRing::staleness);
  EXPECT_EQ(algorithm(), Algorithm::EdDSA);
  EXPECT_TRUE(verifies(old));
  EXPECT_TRUE(verifies(issue()));
  adopt_algorithm();
  EXPECT_EQ(count(Purpose::access), 2);
  clock.advance(config.access_ttl + Seconds(60));
  EXPECT_FALSE(ring.current()->verifier(crypto::parse_compact(old)->kid.value(), clock.now()));
}

// A rotation, and a restart with another algorithm before the new key was active.
TEST_F(KeyRingTest, AKeyThatRetiredBeforeItsTimeNeverSigns) {
  make_missing();
  ASSERT_TRUE(ring.rotate(Purpose::access));
  clock.advance(Seconds(10));
  config.algorithm = Algorithm::EdDSA;
  adopt_algorithm();
  clock.advance(Seconds(29));
  EXPECT_EQ(algorithm(), Algorithm::ES256);
  for (const Seconds later : {Seconds(1), Seconds(30), Seconds(5000)}) {
    clock.advance(later);
    EXPECT_EQ(algorithm(), Algorithm::EdDSA);
    EXPECT_TRUE(verifies(issue()));
  }
}

// A command may run with other settings than the server: it must not change what signs.
TEST_F(KeyRingTest, OnlyTheServerChangesTheAlgorithm) {
  make_missing();
  config.algorithm = Algorithm::EdDSA;
  make_missing();
  clock.advance(KeyRing::staleness);
  EXPECT_EQ(count(Purpose::access), 1);
  EXPECT_EQ(algorithm(), Algorithm::ES256);
}

TEST_F(KeyRingTest, ASecretSignsInsteadAndIsNeverPublished) {
  make_missing();
  const std::string old = issue();
  config.secret = Secret("0123456789abcdefghijklmnopqrstuvwxyz");
  make_missing();
  EXPECT_EQ(algorithm(), Algorithm::HS256);
  EXPECT_EQ(ring.current()->jwks.find(signer()), std::string::npos);
  EXPECT_TRUE(verifies(issue()));
  EXPECT_TRUE(verifies(old));
  EXPECT_EQ(store.keys.size(), 2u);
  const auto refused = ring.rotate(Purpose::access);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().detail.find("tokens.secret"), std::string::npos);
  EXPECT_TRUE(ring.rotate(Purpose::refresh));
  // A clock that is set back does not bring the older key to sign again.
  clock.jump(-std::chrono::hours(1));
  EXPECT_EQ(algorithm(), Algorithm::HS256);
}

TEST_F(KeyRingTest, AStoreThatOnlyEverHadASecretNeedsNoOtherKey) {
  config.secret = Secret("0123456789abcdefghijklmnopqrstuvwxyz");
  make_missing();
  EXPECT_EQ(count(Purpose::access), 0);
  EXPECT_EQ(ring.current()->jwks, "{\"keys\":[]}");
  EXPECT_TRUE(verifies(issue()));
}

TEST_F(KeyRingTest, AShortSecretIsRefused) {
  config.secret = Secret(std::string(31, 'k'));
  ASSERT_TRUE(transactor.atomically([&](core::Tx& tx) { return ring.make_missing(tx); }));
  EXPECT_FALSE(ring.reload());
}

TEST_F(KeyRingTest, AClockThatWentBackLeavesAKeyToSign) {
  make_missing();
  clock.jump(-std::chrono::days(400));
  EXPECT_FALSE(signer().empty());
  EXPECT_TRUE(verifies(issue()));
}

TEST_F(KeyRingTest, TheEpochRisesWhenKeysThatVerifyChanged) {
  make_missing();
  const auto epoch = ring.epoch();
  EXPECT_GT(epoch, 0u);
  ASSERT_TRUE(ring.reload());
  EXPECT_EQ(ring.epoch(), epoch);
  ASSERT_TRUE(ring.rotate(Purpose::refresh) && ring.reload());
  EXPECT_EQ(ring.epoch(), epoch);
  ASSERT_TRUE(ring.rotate(Purpose::access) && ring.reload());
  EXPECT_EQ(ring.epoch(), epoch + 1);
}

TEST_F(KeyRingTest, UnknownKeysReloadAtMostOnceASecond) {
  make_missing();
  transactor.unavailable = true;  // so that a reload is seen
  EXPECT_TRUE(ring.reload_unless_recent());
  clock.advance(core::Millis(999));
  EXPECT_TRUE(ring.reload_unless_recent());
  clock.advance(core::Millis(1));
  EXPECT_FALSE(ring.reload_unless_recent());
  transactor.unavailable = false;
  EXPECT_FALSE(ring.reload_unless_recent()) << "a store that does not answer is not asked by each request";
  clock.advance(core::Millis(1000));
  EXPECT_TRUE(ring.reload_unless_recent());
}

TEST_F(KeyRingTest, ReadersRunBesideReloads) {
  make_missing();
  const std::string token = issue();
  std::atomic<bool> done{false};
  std::vector<std::jthread> readers;
  for (int i = 0; i < 2; ++i)
    readers.emplace_back([&] {
      while (!done) EXPECT_TRUE(verifies(token));
    });
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(ring.rotate(Purpose::access) && ring.reload());
  done = true;
}

// Two nodes that start on an empty store at once.
class FirstKeys : public testing::TestWithParam<std::string> {};

TEST_P(FirstKeys, TwoNodesMakeOneSet) {
  core::FakeClock clock;
  crypto::SystemRandom random;
  crypto::Sealer sealer{master('m')};
  Config config;
  for (int round = 0; round < 5; ++round) {
    const std::unique_ptr<storage::Database> database =
        GetParam() == "Sqlite" ? support::open_test_sqlite(clock) : support::open_test_postgres();
    if (!database) GTEST_SKIP() << support::postgres_absent;
    const auto store = create_sql_key_store();
    std::set<std::string> sets;
    std::mutex mutex;
    {
      std::barrier start(4);
      std::vector<std::jthread> nodes;
      for (int i = 0; i < 4; ++i)
        nodes.emplace_back([&] {
          struct : changes::Outbox {
            core::Result<> announce(core::Tx&, const changes::Change&) override { return {}; }
          } outbox;
          KeyRing ring(*database, *store, outbox, sealer, random, clock, config, Seconds(5000));
          start.arrive_and_wait();
          EXPECT_TRUE(database->atomically([&](core::Tx& tx) { return ring.make_missing(tx); }));
          ASSERT_TRUE(ring.reload());
          const std::lock_guard lock(mutex);
          sets.insert(ring.current()->jwks);
        });
    }
    EXPECT_EQ(sets.size(), 1u);
    EXPECT_EQ(database->reading([&](core::Tx& tx) { return store->list(tx); })->size(), 2u);
  }
}
INSTANTIATE_TEST_SUITE_P(Engines, FirstKeys, testing::Values("Sqlite", "Postgres"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace tokens
