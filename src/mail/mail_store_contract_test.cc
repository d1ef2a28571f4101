#include <atomic>
#include <thread>

#include "mail/mail_worlds_for_test.h"

namespace mail {
namespace {

using core::Millis;

class MailStore : public EngineTest {
 protected:
  LetterId create(core::Time due, core::Time expires = core::from_millis(9'000'000)) {
    StoredLetter letter{.id = random_.id<LetterId>(due),
                        .recipient = "ann@example.org",
                        .sealed = {0, 1, 255},
                        .created_at = due,
                        .expires_at = expires,
                        .next_attempt_at = due};
    in_tx_void([&](core::Tx& tx) { return world_->store->create(tx, letter); });
    return letter.id;
  }
  std::optional<StoredLetter> claim(int64_t now, int64_t lease_end) {
    return in_tx(
        [&](core::Tx& tx) { return world_->store->claim(tx, core::from_millis(now), core::from_millis(lease_end)); });
  }
  std::optional<core::Time> find_due() {
    return in_tx([&](core::Tx& tx) { return world_->store->find_due(tx); });
  }
  crypto::SystemRandom random_;
};

TEST_P(MailStore, AnEmptyOneHasNothingDue) {
  EXPECT_FALSE(find_due());
  EXPECT_FALSE(claim(1000, 2000));
}

TEST_P(MailStore, GivesBackWhatWasPut) {
  const auto id = create(core::from_millis(500));
  const auto letter = claim(1000, 2000);
  ASSERT_TRUE(letter);
  EXPECT_EQ(letter->id, id);
  EXPECT_EQ(letter->recipient, "ann@example.org");
  EXPECT_EQ(letter->sealed, (std::vector<uint8_t>{0, 1, 255}));
  EXPECT_EQ(core::to_millis(letter->created_at), 500);
  EXPECT_EQ(core::to_millis(letter->expires_at), 9'000'000);
  EXPECT_EQ(letter->attempts, 1);
  EXPECT_EQ(core::to_millis(letter->next_attempt_at), 2000);
}

TEST_P(MailStore, TheLongestDueComesFirst) {
  const auto second = create(core::from_millis(200)), first = create(core::from_millis(100));
  create(core::from_millis(300));
  EXPECT_EQ(find_due(), core::from_millis(100));
  EXPECT_EQ(claim(250, 1000)->id, first);
  EXPECT_EQ(claim(250, 1000)->id, second);
  EXPECT_FALSE(claim(250, 1000)) << "the third is not due yet";
  EXPECT_EQ(find_due(), core::from_millis(300));
}

TEST_P(MailStore, AClaimedOneComesBackAfterItsLease) {
  const auto id = create(core::from_millis(100));
  EXPECT_TRUE(claim(100, 1000));
  EXPECT_FALSE(claim(999, 2000));
  const auto again = claim(1000, 2000);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->id, id);
  EXPECT_EQ(again->attempts, 2);
}

TEST_P(MailStore, WhoLostTheClaimChangesNothing) {
  const auto id = create(core::from_millis(100));
  EXPECT_EQ(claim(100, 1000)->attempts, 1);
  EXPECT_EQ(claim(1000, 2000)->attempts, 2);
  in_tx_void([&](core::Tx& tx) { return world_->store->delete_claimed(tx, id, 1); });
  in_tx_void([&](core::Tx& tx) { return world_->store->update(tx, id, 1, core::from_millis(1), "late"); });
  EXPECT_EQ(find_due(), core::from_millis(2000));
  in_tx_void([&](core::Tx& tx) { return world_->store->update(tx, id, 2, core::from_millis(1500), "busy"); });
  EXPECT_EQ(find_due(), core::from_millis(1500));
  in_tx_void([&](core::Tx& tx) { return world_->store->delete_claimed(tx, id, 2); });
  EXPECT_FALSE(find_due());
}

TEST_P(MailStore, ExpiredOnesAreDropped) {
  create(core::from_millis(100), core::from_millis(1000));
  create(core::from_millis(200), core::from_millis(1001));
  EXPECT_EQ(in_tx([&](core::Tx& tx) { return world_->store->delete_expired(tx, core::from_millis(999)); }), 0);
  EXPECT_EQ(in_tx([&](core::Tx& tx) { return world_->store->delete_expired(tx, core::from_millis(1000)); }), 1);
  EXPECT_EQ(find_due(), core::from_millis(200));
}

TEST_P(MailStore, ParallelClaimsNeverShareALetter) {
  constexpr int letters = 40;
  for (int i = 0; i < letters; ++i) create(core::from_millis(100 + i));
  std::mutex mutex;
  std::vector<LetterId> claimed;
  {
    std::vector<std::jthread> nodes;
    for (int node = 0; node < 4; ++node)
      nodes.emplace_back([&] {
        for (int misses = 0; misses < 50;) {
          const auto letter = claim(1000, 100'000);
          const std::lock_guard lock(mutex);
          if (letter) claimed.push_back(letter->id);
          else ++misses;
        }
      });
  }
  EXPECT_EQ(claimed.size(), letters);
  std::ranges::sort(claimed);
  EXPECT_EQ(std::ranges::adjacent_find(claimed), claimed.end());
}

INSTANTIATE_TEST_SUITE_P(Engines, MailStore, testing::Values("Fake", "Sqlite", "Postgres"), engine_name);

}  // namespace
}  // namespace mail
