// What every risk::FamiliarStore and risk::NoticeStore promises, on the fakes and on both engines.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "risk/approval_store_sql.h"
#include "risk/familiar_store_sql.h"
#include "risk/notice_store_sql.h"
#include "tests/support/fake_risk.h"
#include "tests/support/store_contract.h"

namespace risk {
namespace {

using accounts::UserId, core::Seconds;

class RiskStores : public test::StoreContract {
 protected:
  void use_fakes(test::FakeTransactor&) override {
    familiar_ = std::make_unique<test::FakeFamiliar>();
    notices_ = std::make_unique<test::FakeNotices>();
    approvals_ = std::make_unique<test::FakeApprovals>();
  }
  void use_sql() override {
    familiar_ = create_sql_familiar_store();
    notices_ = create_sql_notice_store();
    approvals_ = create_sql_approval_store();
  }
  void put(UserId user, const std::string& text, core::Time at) {
    EXPECT_TRUE(transactor_->atomically([&](core::Tx& tx) { return familiar_->put(tx, user, {text, at}); }));
  }
  std::vector<Trait> list(UserId user) {
    return in_tx([&](core::Tx& tx) { return familiar_->list(tx, user); });
  }
  void put_try(const std::string& source, uint8_t account, core::Time at) {
    EXPECT_TRUE(transactor_->atomically(
        [&](core::Tx& tx) { return familiar_->put_try(tx, source, crypto::Digest256{account}, at); }));
  }
  int64_t tries(const std::string& source, core::Time since, int64_t most = 100) {
    return in_tx([&](core::Tx& tx) { return familiar_->count_tries(tx, source, since, most); });
  }
  bool consume(const crypto::Digest256& token) {
    return in_tx([&](core::Tx& tx) { return notices_->consume(tx, token); });
  }

  std::unique_ptr<FamiliarStore> familiar_;
  std::unique_ptr<NoticeStore> notices_;
  std::unique_ptr<ApprovalStore> approvals_;
  const core::Time now_ = core::from_millis(1'800'000'000'000);
};

TEST_P(RiskStores, TraitsAreOfTheirUser) {
  put(ann_, "device a", now_);
  put(ann_, "network n", now_ + Seconds(1));
  put(bob_, "device b", now_);
  EXPECT_EQ(list(ann_), (std::vector<Trait>{{"network n", now_ + Seconds(1)}, {"device a", now_}}));
  EXPECT_EQ(list(bob_).size(), 1u);
  in_tx([&](core::Tx& tx) { return familiar_->remove(tx, ann_, "device b"); });
  in_tx([&](core::Tx& tx) { return familiar_->remove(tx, ann_, "device a"); });
  EXPECT_EQ(list(ann_).size(), 1u);
  EXPECT_EQ(list(bob_).size(), 1u);
}

TEST_P(RiskStores, ATraitsTimeMovesOnAndNeverBack) {
  put(ann_, "device a", now_);
  put(ann_, "device a", now_ + Seconds(5));
  put(ann_, "device a", now_ - Seconds(5));
  EXPECT_EQ(list(ann_), (std::vector<Trait>{{"device a", now_ + Seconds(5)}}));
}

TEST_P(RiskStores, OldTraitsArePrunedInBatches) {
  for (int i = 0; i < 5; ++i) put(ann_, "device " + std::to_string(i), now_ + Seconds(i));
  const auto prune = [&] { return in_tx([&](core::Tx& tx) { return familiar_->prune(tx, now_ + Seconds(3), 2); }); };
  EXPECT_EQ(prune(), 2);
  EXPECT_EQ(prune(), 1);
  EXPECT_EQ(prune(), 0);
  EXPECT_EQ(list(ann_).size(), 2u);
}

TEST_P(RiskStores, ASourceTriedEachAccountOnce) {
  for (const uint8_t account : {1, 2, 2, 3}) put_try("192.0.2.0/24", account, now_ + Seconds(account));
  put_try("198.51.100.0/24", 1, now_);
  EXPECT_EQ(tries("192.0.2.0/24", now_), 3);
  EXPECT_EQ(tries("192.0.2.0/24", now_ + Seconds(2)), 2);
  EXPECT_EQ(tries("192.0.2.0/24", now_, 2), 2);
  EXPECT_EQ(tries("203.0.113.0/24", now_), 0);
  EXPECT_EQ(in_tx([&](core::Tx& tx) { return familiar_->prune_tries(tx, now_ + Seconds(3), 100); }), 3);
  EXPECT_EQ(tries("192.0.2.0/24", now_), 1);
}

TEST_P(RiskStores, ANoticeIsConsumedOnce) {
  const crypto::Digest256 token{7};
  Notice notice{ann_, random_.id<sessions::SessionId>(now_), "Chrome on macOS", "192.0.2.1", now_, now_ + Seconds(9)};
  in_tx([&](core::Tx& tx) { return notices_->create(tx, token, notice); });
  const auto found = in_tx([&](core::Tx& tx) { return notices_->find(tx, token); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->user, ann_);
  EXPECT_EQ(found->session, notice.session);
  EXPECT_EQ(found->device + found->ip_address, "Chrome on macOS192.0.2.1");
  EXPECT_EQ(found->at, now_);
  EXPECT_EQ(found->expires_at, now_ + Seconds(9));
  std::atomic<int> won = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { won += consume(token); });
  threads.clear();
  EXPECT_EQ(won, 1);
  EXPECT_FALSE(in_tx([&](core::Tx& tx) { return notices_->find(tx, token); }));
}

TEST_P(RiskStores, ExpiredNoticesArePruned) {
  const Notice notice{ann_, random_.id<sessions::SessionId>(now_), "", "", now_, now_ + Seconds(9)};
  in_tx([&](core::Tx& tx) { return notices_->create(tx, {1}, notice); });
  const auto prune = [&](core::Time t) { return in_tx([&](core::Tx& tx) { return notices_->prune(tx, t, 10); }); };
  EXPECT_EQ(prune(now_ + Seconds(9)), 0);
  EXPECT_EQ(prune(now_ + Seconds(10)), 1);
}

TEST_P(RiskStores, AnApprovalIsDecidedOnce) {
  const auto add = [&](UserId user, uint8_t token, core::Time at) {
    const Approval approval{.id = random_.id<ApprovalId>(at),
                            .user = user,
                            .token = {token},
                            .number = "42",
                            .device = "Chrome on macOS",
                            .ip_address = "192.0.2.1",
                            .at = at,
                            .expires_at = at + Seconds(9)};
    in_tx([&](core::Tx& tx) { return approvals_->create(tx, approval); });
    return approval.id;
  };
  const auto id = add(ann_, 1, now_);
  add(ann_, 2, now_ + Seconds(1));
  add(bob_, 3, now_);
  const auto list = [&](core::Time since) {
    return in_tx([&](core::Tx& tx) { return approvals_->list(tx, ann_, since); });
  };
  ASSERT_EQ(list(now_).size(), 2u);
  EXPECT_EQ(list(now_)[1].id, id) << "the newest first";
  EXPECT_EQ(list(now_ + Seconds(1)).size(), 1u);
  const auto find = [&] { return in_tx([&](core::Tx& tx) { return approvals_->find(tx, {1}); }); };
  ASSERT_TRUE(find());
  EXPECT_EQ(find()->token, crypto::Digest256{1});
  EXPECT_EQ(find()->number + find()->device + find()->ip_address, "42Chrome on macOS192.0.2.1");
  EXPECT_EQ(find()->state, ApprovalState::waiting);
  EXPECT_EQ(find()->expires_at, now_ + Seconds(9));
  std::atomic<int> won = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      const auto state = i % 2 ? ApprovalState::approved : ApprovalState::denied;
      won += in_tx([&](core::Tx& tx) { return approvals_->decide(tx, id, state); });
    });
  threads.clear();
  EXPECT_EQ(won, 1);
  EXPECT_NE(find()->state, ApprovalState::waiting);
  EXPECT_EQ(in_tx([&](core::Tx& tx) { return approvals_->prune(tx, now_ + Seconds(1), 10); }), 2);
  EXPECT_FALSE(find());
}

INSTANTIATE_TEST_SUITE_P(Stores, RiskStores, testing::Values("Fake", "Sqlite", "Postgres"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace risk
