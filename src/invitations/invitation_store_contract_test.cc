// What every InvitationStore promises, on the fake and on both engines.
#include <gtest/gtest.h>

#include "invitations/invitation_store_sql.h"
#include "tests/support/fake_invitations.h"
#include "tests/support/store_contract.h"

namespace invitations {
namespace {

using core::Seconds;

class InvitationStores : public test::StoreContract {
 protected:
  void use_fakes(test::FakeTransactor& transactor) override {
    auto fake = std::make_unique<test::FakeInvitations>();
    transactor.track(fake->rows);
    store_ = std::move(fake);
  }
  void use_sql() override { store_ = create_sql_invitation_store(); }

  static crypto::Digest256 token(uint8_t mark) { return {mark}; }
  Invitation add(uint8_t mark, const std::string& key, Seconds life = Seconds(60)) {
    const Invitation made{.id = random_.id<InvitationId>(now_ + Seconds(mark)),
                          .email = key + "!",
                          .email_key = key,
                          .first_name = "Ada",
                          .last_name = "",
                          .roles = {"admin", "support"},
                          .invited_by = ann_,
                          .created_at = now_,
                          .expires_at = now_ + life};
    in_tx([&](core::Tx& tx) { return store_->create(tx, token(mark), made); });
    return made;
  }
  std::optional<Invitation> find(uint8_t mark) {
    return in_tx([&](core::Tx& tx) { return store_->find(tx, token(mark)); });
  }
  std::vector<InvitationId> list(core::Time now, const Page& page = {}) {
    std::vector<InvitationId> ids;
    for (const auto& one : in_tx([&](core::Tx& tx) { return store_->list(tx, now, page); })) ids.push_back(one.id);
    return ids;
  }

  std::unique_ptr<InvitationStore> store_;
  const core::Time now_ = core::from_millis(1'800'000'000'000);
};

TEST_P(InvitationStores, WhatWasStoredIsFoundByItsTokenAndConsumedOnce) {
  const auto made = add(1, "a");
  const auto found = find(1);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, made.id);
  EXPECT_EQ(found->email + ' ' + found->email_key + ' ' + found->first_name + '/' + found->last_name, "a! a Ada/");
  EXPECT_EQ(found->roles, made.roles);
  EXPECT_EQ(found->invited_by, ann_);
  EXPECT_EQ(found->created_at, made.created_at);
  EXPECT_EQ(found->expires_at, made.expires_at);
  EXPECT_FALSE(find(2));
  EXPECT_TRUE(in_tx([&](core::Tx& tx) { return store_->consume(tx, token(1)); }));
  EXPECT_FALSE(in_tx([&](core::Tx& tx) { return store_->consume(tx, token(1)); }));
  EXPECT_FALSE(find(1));
}

TEST_P(InvitationStores, ThereIsOneForEachAddressTheLast) {
  add(1, "a");
  add(2, "b");
  add(3, "a");
  EXPECT_FALSE(find(1));
  EXPECT_TRUE(find(2));
  EXPECT_TRUE(find(3));
}

TEST_P(InvitationStores, PagesHaveThoseThatWaitTheNewestFirst) {
  const auto first = add(1, "a").id, second = add(2, "b").id, third = add(3, "c", Seconds(30)).id;
  EXPECT_EQ(list(now_), (std::vector{third, second, first}));
  EXPECT_EQ(list(now_ + Seconds(30)), (std::vector{second, first}));
  EXPECT_EQ(list(now_, {.limit = 2}), (std::vector{third, second}));
  EXPECT_EQ(list(now_, {.after = second}), std::vector{first});
}

TEST_P(InvitationStores, OneThatWaitsIsRemovedByItsId) {
  const auto id = add(1, "a").id, late = add(2, "b", Seconds(30)).id;
  const auto remove = [&](InvitationId one) {
    return in_tx([&](core::Tx& tx) { return store_->remove(tx, one, now_ + Seconds(30)); });
  };
  EXPECT_TRUE(remove(id));
  EXPECT_FALSE(remove(id));
  EXPECT_FALSE(remove(late)) << "it waits no more";
}

TEST_P(InvitationStores, OldOnesArePrunedSomeAtATime) {
  for (uint8_t mark : {1, 2, 3}) add(mark, std::string(1, static_cast<char>('a' + mark)), Seconds(mark));
  add(4, "z");
  const auto prune = [&](core::Tx& tx) { return store_->prune(tx, now_ + Seconds(4), 2); };
  EXPECT_EQ(in_tx(prune), 2);
  EXPECT_EQ(in_tx(prune), 1);
  EXPECT_EQ(in_tx(prune), 0);
  EXPECT_TRUE(find(4));
}

INSTANTIATE_TEST_SUITE_P(Engines, InvitationStores, testing::Values("Fake", "Sqlite", "Postgres"),
                         [](const auto& engine) { return engine.param; });

}  // namespace
}  // namespace invitations
