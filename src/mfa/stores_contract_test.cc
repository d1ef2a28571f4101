// What every mfa::FactorStore and mfa::ChallengeStore promises, on the fakes and on both engines.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "mfa/challenge_store_sql.h"
#include "mfa/factor_store_sql.h"
#include "tests/support/fake_factors.h"
#include "tests/support/store_contract.h"

namespace mfa {
namespace {

using accounts::UserId, core::Seconds;

class MfaStores : public test::StoreContract {
 protected:
  void use_fakes(test::FakeTransactor& transactor) override {
    auto factors = std::make_unique<test::FakeFactors>();
    auto challenges = std::make_unique<test::FakeChallenges>();
    transactor.track(factors->state);
    transactor.track(challenges->rows);
    factors_ = std::move(factors);
    challenges_ = std::move(challenges);
  }
  void use_sql() override {
    factors_ = create_sql_factor_store();
    challenges_ = create_sql_challenge_store();
  }
  static crypto::Digest256 digest(uint8_t mark) {
    crypto::Digest256 made{};
    for (size_t i = 0; i < made.size(); ++i) made[i] = static_cast<uint8_t>(mark + i * 8);  // NUL and high bytes
    return made;
  }
  void put(const TotpFactor& factor) {
    in_tx([&](core::Tx& tx) { return factors_->put_totp(tx, factor); });
  }
  std::optional<TotpFactor> find(UserId user) {
    return in_tx([&](core::Tx& tx) { return factors_->find_totp(tx, user); });
  }
  void put_codes(UserId user, const std::vector<crypto::Digest256>& hashes) {
    in_tx([&](core::Tx& tx) { return factors_->put_recovery_codes(tx, user, hashes); });
  }
  bool consume_code(UserId user, uint8_t mark) {
    return in_tx([&](core::Tx& tx) { return factors_->consume_recovery_code(tx, user, digest(mark)); });
  }
  int64_t count(UserId user) {
    return in_tx([&](core::Tx& tx) { return factors_->count_recovery_codes(tx, user); });
  }
  void challenge(uint8_t mark, core::Time expires_at) {
    const Challenge made{.user = ann_, .auth_epoch = 4, .amr = "pwd", .expires_at = expires_at};
    in_tx([&](core::Tx& tx) { return challenges_->create(tx, digest(mark), made); });
  }
  std::optional<Challenge> find_challenge(uint8_t mark) {
    return in_tx([&](core::Tx& tx) { return challenges_->find(tx, digest(mark)); });
  }
  // How many of parallel callers got true.
  template <class F>
  int winners(F consume) {
    std::atomic<int> won{0};
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) threads.emplace_back([&] { won += in_tx(consume); });
    threads.clear();
    return won;
  }

  core::Time now_ = clock_.now();
  crypto::SeededRandom random_{7};
  std::unique_ptr<FactorStore> factors_;
  std::unique_ptr<ChallengeStore> challenges_;
};

TEST_P(MfaStores, AnAppIsKeptAndReplaced) {
  EXPECT_FALSE(find(ann_));
  put({.user = ann_, .sealed = {0, 1, 255}, .created_at = now_});
  const auto first = find(ann_);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->sealed, (std::vector<uint8_t>{0, 1, 255}));
  EXPECT_EQ(first->last_step, -1);
  EXPECT_EQ(first->created_at, now_);
  EXPECT_FALSE(first->confirmed_at);
  put({.user = ann_,
       .sealed = {7},
       .last_step = 9,
       .auth_epoch = 3,
       .created_at = now_,
       .confirmed_at = now_ + Seconds(1)});
  const auto second = in_tx([&](core::Tx& tx) { return factors_->lock_totp(tx, ann_); });
  EXPECT_EQ(second->sealed, std::vector<uint8_t>{7});
  EXPECT_EQ(second->last_step, 9);
  EXPECT_EQ(second->auth_epoch, 3);
  EXPECT_EQ(second->confirmed_at, now_ + Seconds(1));
  EXPECT_FALSE(find(bob_));
}

TEST_P(MfaStores, AnAppIsRemovedOnce) {
  put({.user = ann_, .sealed = {1}, .created_at = now_});
  const auto remove = [&](core::Tx& tx) { return factors_->remove_totp(tx, ann_); };
  EXPECT_TRUE(in_tx(remove));
  EXPECT_FALSE(in_tx(remove));
  EXPECT_FALSE(find(ann_));
}

TEST_P(MfaStores, RecoveryCodesAreOfTheirUserAndReplacedTogether) {
  put_codes(ann_, {digest(1), digest(2)});
  put_codes(bob_, {digest(2)});
  EXPECT_FALSE(consume_code(bob_, 1));
  EXPECT_TRUE(consume_code(ann_, 2));
  EXPECT_FALSE(consume_code(ann_, 2));
  EXPECT_EQ(count(ann_), 1);
  EXPECT_EQ(count(bob_), 1) << "the same hash of another";
  put_codes(ann_, {digest(3), digest(4), digest(5)});
  EXPECT_FALSE(consume_code(ann_, 1));
  EXPECT_EQ(count(ann_), 3);
  put_codes(ann_, {});
  EXPECT_EQ(count(ann_), 0);
}

TEST_P(MfaStores, OfParallelCallersOneConsumes) {
  put_codes(ann_, {digest(1)});
  EXPECT_EQ(winners([&](core::Tx& tx) { return factors_->consume_recovery_code(tx, ann_, digest(1)); }), 1);
  challenge(1, now_ + Seconds(60));
  EXPECT_EQ(winners([&](core::Tx& tx) { return challenges_->consume(tx, digest(1)); }), 1);
}

TEST_P(MfaStores, AChallengeIsKeptUntilItIsConsumed) {
  EXPECT_FALSE(find_challenge(1));
  challenge(1, now_ + Seconds(60));
  const auto found = find_challenge(1);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->user, ann_);
  EXPECT_EQ(found->auth_epoch, 4);
  EXPECT_EQ(found->amr, "pwd");
  EXPECT_EQ(found->expires_at, now_ + Seconds(60));
  EXPECT_TRUE(in_tx([&](core::Tx& tx) { return challenges_->consume(tx, digest(1)); }));
  EXPECT_FALSE(find_challenge(1));
}

TEST_P(MfaStores, OldChallengesAreClearedAwayInBatches) {
  for (uint8_t mark : {1, 2, 3}) challenge(mark, now_ - Seconds(mark));
  challenge(4, now_);
  const auto prune = [&](core::Tx& tx) { return challenges_->prune(tx, now_, 2); };
  EXPECT_EQ(in_tx(prune), 2);
  EXPECT_EQ(in_tx(prune), 1);
  EXPECT_EQ(in_tx(prune), 0);
  EXPECT_TRUE(find_challenge(4));
}

INSTANTIATE_TEST_SUITE_P(Engines, MfaStores, testing::Values("Fake", "Sqlite", "Postgres"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace mfa
