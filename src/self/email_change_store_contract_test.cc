// What every self::EmailChangeStore promises, on the fake and on both engines.
#include <gtest/gtest.h>

#include "self/email_change_store_sql.h"
#include "tests/support/fake_self.h"
#include "tests/support/store_contract.h"

namespace self {
namespace {

using accounts::UserId, core::Seconds;

class EmailChangeStores : public test::StoreContract {
 protected:
  void use_fakes(test::FakeTransactor&) override { changes_ = std::make_unique<test::FakeEmailChanges>(); }
  void use_sql() override { changes_ = create_sql_email_change_store(); }
  void put(UserId user, const std::string& key, core::Time at, std::optional<core::Time> mailed_at) {
    const PendingEmail pending{user, key + "!", key, "old", 3, at, mailed_at};
    EXPECT_TRUE(transactor_->atomically([&](core::Tx& tx) { return changes_->put(tx, pending); }));
  }
  std::optional<PendingEmail> find(UserId user) {
    return in_tx([&](core::Tx& tx) { return changes_->find(tx, user); });
  }
  bool mailed_after(const std::string& key, core::Time since) {
    return in_tx([&](core::Tx& tx) { return changes_->mailed_after(tx, key, since); });
  }
  int64_t prune(core::Time before, int64_t limit) {
    return in_tx([&](core::Tx& tx) { return changes_->prune(tx, before, limit); });
  }

  std::unique_ptr<EmailChangeStore> changes_;
  const core::Time now_ = core::from_millis(1'800'000'000'000);
};

TEST_P(EmailChangeStores, OneIsKeptForEachUserTheLast) {
  put(ann_, "a", now_, now_);
  put(bob_, "a", now_, std::nullopt);
  put(ann_, "b", now_ + Seconds(1), std::nullopt);
  const auto found = find(ann_);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->email + ' ' + found->email_key + ' ' + found->old_key, "b! b old");
  EXPECT_EQ(found->auth_epoch, 3);
  EXPECT_EQ(found->asked_at, now_ + Seconds(1));
  EXPECT_FALSE(found->mailed_at);
  EXPECT_TRUE(transactor_->atomically([&](core::Tx& tx) { return changes_->remove(tx, ann_); }));
  EXPECT_FALSE(find(ann_));
  EXPECT_TRUE(find(bob_));
}

TEST_P(EmailChangeStores, AnAddressWasMailedWhoeverAskedForIt) {
  put(ann_, "a", now_, std::nullopt);
  EXPECT_FALSE(mailed_after("a", now_ - Seconds(9)));
  put(bob_, "a", now_, now_);
  EXPECT_TRUE(mailed_after("a", now_ - Seconds(1)));
  EXPECT_FALSE(mailed_after("a", now_));
  EXPECT_FALSE(mailed_after("b", now_ - Seconds(1)));
}

TEST_P(EmailChangeStores, OldOnesArePrunedSomeAtATime) {
  put(ann_, "a", now_, now_);
  put(bob_, "b", now_ + Seconds(1), now_);
  EXPECT_EQ(prune(now_, 9), 0);
  EXPECT_EQ(prune(now_ + Seconds(1), 9), 1);
  EXPECT_FALSE(find(ann_));
  put(ann_, "a", now_, now_);
  EXPECT_EQ(prune(now_ + Seconds(9), 1), 1);
  EXPECT_EQ(prune(now_ + Seconds(9), 9), 1);
}

INSTANTIATE_TEST_SUITE_P(Engines, EmailChangeStores, testing::Values("Fake", "Sqlite", "Postgres"),
                         [](const auto& engine) { return engine.param; });

}  // namespace
}  // namespace self
