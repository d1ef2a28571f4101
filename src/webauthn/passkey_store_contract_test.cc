// What every webauthn::PasskeyStore promises, on the fake and on both engines.
#include <gtest/gtest.h>

#include "tests/support/fake_passkeys.h"
#include "tests/support/store_contract.h"
#include "webauthn/passkey_store_sql.h"

namespace webauthn {
namespace {

using accounts::UserId, core::Seconds;

class PasskeyStores : public test::StoreContract {
 protected:
  void use_fakes(test::FakeTransactor&) override { store_ = std::make_unique<test::FakePasskeys>(); }
  void use_sql() override { store_ = create_sql_passkey_store(); }
  Passkey passkey(UserId user, uint8_t credential) {
    Passkey out{.id = random_.id<PasskeyId>(clock_.now()),
                .user = user,
                .credential_id = {credential, 0, 255},
                .public_key = {1, 2},
                .rp_id = "example.org",
                .sign_count = 4'294'967'295,
                .user_verified = true,
                .backup_eligible = true,
                .backed_up = false,
                .aaguid = {9, 8, 7},
                .transports = "hybrid usb",
                .name = "Schlüssel"};
    out.created_at = core::from_millis(1000 + credential);
    return out;
  }
  bool create(const Passkey& made) {
    return in_tx([&](core::Tx& tx) { return store_->create(tx, made); });
  }
  std::optional<Passkey> find(const Passkey& made) {
    return in_tx([&](core::Tx& tx) { return store_->find(tx, made.credential_id); });
  }

  std::unique_ptr<PasskeyStore> store_;
};

TEST_P(PasskeyStores, AllOfItIsFoundAgain) {
  const Passkey made = passkey(ann_, 1);
  ASSERT_TRUE(create(made));
  const auto found = find(made);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, made.id);
  EXPECT_EQ(found->user, ann_);
  EXPECT_EQ(found->public_key, made.public_key);
  EXPECT_EQ(found->sign_count, made.sign_count);
  EXPECT_TRUE(found->user_verified && found->backup_eligible && !found->backed_up && !found->last_used_at);
  EXPECT_EQ(found->aaguid, made.aaguid);
  EXPECT_EQ(found->rp_id + found->transports + found->name, made.rp_id + made.transports + made.name);
  EXPECT_EQ(found->created_at, made.created_at);
}

TEST_P(PasskeyStores, ACredentialIsOfOneAccount) {
  ASSERT_TRUE(create(passkey(ann_, 1)));
  EXPECT_FALSE(create(passkey(bob_, 1)));
  EXPECT_FALSE(create(passkey(ann_, 1)));
  EXPECT_EQ(find(passkey(bob_, 1))->user, ann_);
}

TEST_P(PasskeyStores, OnlyItsOwnerNamesAndRemovesIt) {
  const Passkey first = passkey(ann_, 1), second = passkey(ann_, 2);
  ASSERT_TRUE(create(first) && create(second));
  EXPECT_FALSE(in_tx([&](core::Tx& tx) { return store_->rename(tx, bob_, first.id, "x"); }));
  EXPECT_FALSE(in_tx([&](core::Tx& tx) { return store_->remove(tx, bob_, first.id); }));
  EXPECT_TRUE(in_tx([&](core::Tx& tx) { return store_->rename(tx, ann_, first.id, "other"); }));
  const auto listed = in_tx([&](core::Tx& tx) { return store_->list(tx, ann_); });
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_EQ(listed[0].name, "other");
  EXPECT_EQ(listed[1].id, second.id);
  EXPECT_EQ(in_tx([&](core::Tx& tx) { return store_->remove(tx, ann_, first.id); }), "other");
  EXPECT_FALSE(find(first));
  const auto has_any = [&] { return in_tx([&](core::Tx& tx) { return store_->has_any(tx, ann_); }); };
  EXPECT_TRUE(has_any());
  in_tx([&](core::Tx& tx) { return store_->remove_all(tx, ann_); });
  EXPECT_FALSE(find(second));
  EXPECT_FALSE(has_any());
}

TEST_P(PasskeyStores, AUseIsWritten) {
  Passkey made = passkey(ann_, 1);
  ASSERT_TRUE(create(made));
  made.sign_count = 7;
  made.backed_up = true;
  made.last_used_at = core::from_millis(5000);
  in_tx([&](core::Tx& tx) { return store_->update_use(tx, made); });
  const auto found = in_tx([&](core::Tx& tx) { return store_->lock(tx, made.credential_id); });
  EXPECT_EQ(found->sign_count, 7);
  EXPECT_TRUE(found->backed_up);
  EXPECT_EQ(found->last_used_at, made.last_used_at);
}

TEST_P(PasskeyStores, AChallengeIsTakenOnce) {
  const auto session = random_.id<sessions::SessionId>(clock_.now());
  const auto bound = crypto::sha256("bound"), free = crypto::sha256("free");
  in_tx([&](core::Tx& tx) -> core::Result<> {
    TRY(store_->put_challenge(tx, bound, {Purpose::enrol, ann_, session, 7, core::from_millis(10)}));
    return store_->put_challenge(tx, free, {Purpose::sign_in, {}, {}, 0, core::from_millis(20)});
  });
  const auto taken = in_tx([&](core::Tx& tx) { return store_->take_challenge(tx, bound); });
  ASSERT_TRUE(taken);
  EXPECT_TRUE(taken->purpose == Purpose::enrol && taken->user == ann_ && taken->session == session);
  EXPECT_EQ(taken->auth_epoch, 7);
  EXPECT_EQ(taken->expires_at, core::from_millis(10));
  EXPECT_FALSE(in_tx([&](core::Tx& tx) { return store_->take_challenge(tx, bound); }));
  const auto anybody = in_tx([&](core::Tx& tx) { return store_->take_challenge(tx, free); });
  EXPECT_TRUE(anybody && !anybody->user && !anybody->session);
}

TEST_P(PasskeyStores, OldChallengesAreRemoved) {
  for (int i = 0; i < 3; ++i)
    in_tx([&](core::Tx& tx) {
      return store_->put_challenge(tx, crypto::sha256(std::to_string(i)),
                                   {Purpose::sign_in, {}, {}, 0, core::from_millis(10 * i)});
    });
  const auto prune = [&](int64_t limit) {
    return in_tx([&](core::Tx& tx) { return store_->prune_challenges(tx, core::from_millis(20), limit); });
  };
  EXPECT_EQ(prune(1), 1);
  EXPECT_EQ(prune(9), 1);
  EXPECT_TRUE(in_tx([&](core::Tx& tx) { return store_->take_challenge(tx, crypto::sha256("2")); }));
}

INSTANTIATE_TEST_SUITE_P(, PasskeyStores, testing::Values("Fake", "Sqlite", "Postgres"),
                         [](const auto& name) { return name.param; });

}  // namespace
}  // namespace webauthn
