// What every accounts::Store promises, on the fake and on both engines.
#include <gtest/gtest.h>

#include <thread>

#include "accounts/user_store_sql.h"
#include "crypto/random.h"
#include "tests/support/databases.h"
#include "tests/support/fake_accounts.h"
#include "tests/support/fake_transactor.h"
#include "tests/support/postgres_server.h"

namespace accounts {
namespace {

struct World {
  std::unique_ptr<core::Transactor> transactor;
  std::unique_ptr<Store> store;
};
using MakeWorld = World (*)(const core::Clock&);

World fake_world(const core::Clock&) {
  auto store = std::make_unique<test::FakeUsers>();
  auto transactor = std::make_unique<test::FakeTransactor>();
  transactor->track(store->users);
  return {std::move(transactor), std::move(store)};
}
World sqlite_world(const core::Clock& clock) { return {support::open_test_sqlite(clock), create_sql_store()}; }
World postgres_world(const core::Clock&) { return {support::open_test_postgres(), create_sql_store()}; }

class UserStore : public testing::TestWithParam<MakeWorld> {
 protected:
  void SetUp() override {
    world = GetParam()(clock);
    if (!world.transactor) GTEST_SKIP() << support::postgres_absent;
  }

  User sample(const std::string& name) {
    clock.advance(core::Millis(1));
    return {.id = random.id<UserId>(clock.now()),
            .email = name + "@Example.com",
            .email_key = name + "@example.com",
            .first_name = "First " + name,
            .last_name = "Last",
            .account_type = AccountType::organization,
            .password_hash = "$argon2id$" + name,
            .created_at = clock.now()};
  }
  // Only what is expected to succeed goes through here.
  template <class F>
  auto atomically(F work) {
    return world.transactor->atomically(work).value();
  }
  User create(const std::string& name) {
    const User user = sample(name);
    EXPECT_EQ(atomically([&](core::Tx& tx) { return world.store->create(tx, user); }), true);
    return user;
  }
  std::optional<User> find(UserId id) {
    return world.transactor->reading([&](core::Tx& tx) { return world.store->find(tx, id); }).value();
  }
  std::vector<std::string> list(const UserFilter& filter) {
    std::vector<std::string> emails;
    for (const auto& user :
         world.transactor->reading([&](core::Tx& tx) { return world.store->list(tx, filter); }).value())
      emails.push_back(user.email_key.substr(0, user.email_key.find('@')));
    return emails;
  }
  using Names = std::vector<std::string>;

  crypto::SeededRandom random{3};
  core::FakeClock clock;
  World world;
};

void expect_same(const User& a, const User& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.email, b.email);
  EXPECT_EQ(a.email_key, b.email_key);
  EXPECT_EQ(a.first_name, b.first_name);
  EXPECT_EQ(a.last_name, b.last_name);
  EXPECT_EQ(a.account_type, b.account_type);
  EXPECT_EQ(a.password_hash, b.password_hash);
  EXPECT_EQ(a.auth_epoch, b.auth_epoch);
  EXPECT_EQ(a.email_verified_at, b.email_verified_at);
  EXPECT_EQ(a.disabled_at, b.disabled_at);
  EXPECT_EQ(a.deleted_at, b.deleted_at);
  EXPECT_EQ(a.delete_after, b.delete_after);
  EXPECT_EQ(a.created_at, b.created_at);
}

TEST_P(UserStore, FindsWhatWasCreatedById) {
  const User user = create("ann");
  const auto found = find(user.id);
  ASSERT_TRUE(found);
  expect_same(*found, user);
  EXPECT_FALSE(find(random.id<UserId>(clock.now())));
}

TEST_P(UserStore, FindsByTheKeyAndNotByTheAddressAsStored) {
  const User user = create("ann");
  const auto by = [&](std::string_view key) {
    return atomically([&](core::Tx& tx) { return world.store->find_by_email(tx, key); });
  };
  ASSERT_TRUE(by("ann@example.com"));
  expect_same(*by("ann@example.com"), user);
  EXPECT_FALSE(by("ann@Example.com"));
  EXPECT_FALSE(by(""));
}

TEST_P(UserStore, ATakenKeyIsNotCreatedAgainAndTheTransactionGoesOn) {
  create("ann");
  User second = sample("ann"), other = sample("bob");
  EXPECT_EQ(atomically([&](core::Tx& tx) -> core::Result<bool> {
              EXPECT_EQ(world.store->create(tx, second), false);
              return world.store->create(tx, other);
            }),
            true);
  EXPECT_FALSE(find(second.id));
  EXPECT_TRUE(find(other.id));
}

TEST_P(UserStore, UpdateWritesAllButIdAndCreation) {
  User user = create("ann");
  const core::Time created_at = user.created_at;
  user.email = "New@Example.com";
  user.email_key = "new@example.com";
  user.first_name = "Zoë \"; DROP TABLE users; --";
  user.last_name = "O'Neil";
  user.account_type = AccountType::individual;
  user.password_hash = "$argon2id$new";
  user.auth_epoch = 9;
  user.email_verified_at = clock.now();
  user.disabled_at = clock.now() + core::Millis(1);
  user.deleted_at = clock.now() + core::Millis(2);
  user.delete_after = clock.now() + core::Millis(3);
  user.created_at += core::Millis(1000);
  EXPECT_TRUE(atomically([&](core::Tx& tx) -> core::Result<bool> {
    EXPECT_TRUE(TRY(world.store->lock(tx, user.id)));
    return world.store->update(tx, user);
  }));
  user.created_at = created_at;
  expect_same(*find(user.id), user);
}

TEST_P(UserStore, UpdateOfATakenKeyOrAnUnknownUserIsFalse) {
  create("ann");
  User bob = create("bob");
  bob.email_key = "ann@example.com";
  bob.first_name = "changed";
  EXPECT_FALSE(atomically([&](core::Tx& tx) { return world.store->update(tx, bob); }));
  EXPECT_EQ(find(bob.id)->first_name, "First bob");
  const User nobody = sample("nobody");
  EXPECT_FALSE(atomically([&](core::Tx& tx) { return world.store->update(tx, nobody); }));
}

TEST_P(UserStore, LockOfNobodyIsAbsent) {
  EXPECT_FALSE(atomically([&](core::Tx& tx) { return world.store->lock(tx, random.id<UserId>(clock.now())); }));
}

TEST_P(UserStore, LockedUpdatesAreNotLost) {
  const User user = create("ann");
  const auto raise = [&] {
    for (int i = 0; i < 25; ++i)
      atomically([&](core::Tx& tx) -> core::Result<bool> {
        User locked = *TRY(world.store->lock(tx, user.id));
        ++locked.auth_epoch;
        return world.store->update(tx, locked);
      });
  };
  std::thread one(raise), two(raise);
  one.join();
  two.join();
  EXPECT_EQ(find(user.id)->auth_epoch, 50);
}

TEST_P(UserStore, ListsNewestFirstPageByPage) {
  std::vector<UserId> ids;
  for (const char* name : {"a", "b", "c", "d", "e"}) ids.push_back(create(name).id);
  EXPECT_EQ(list({}), (Names{"e", "d", "c", "b", "a"}));
  EXPECT_EQ(list({.limit = 2}), (Names{"e", "d"}));
  EXPECT_EQ(list({.after = ids[3], .limit = 2}), (Names{"c", "b"}));
  EXPECT_EQ(list({.after = ids[0]}), Names{});
  EXPECT_EQ(list({.after = random.id<UserId>(clock.now())}), Names{});
}

TEST_P(UserStore, PagesSplitUsersOfOneMillisecondWithoutLoss) {
  const core::Time at = clock.now();
  for (int i = 0; i < 7; ++i) {
    User user = sample("u" + std::to_string(i));
    user.created_at = at;
    atomically([&](core::Tx& tx) { return world.store->create(tx, user); });
  }
  std::vector<UserId> seen;
  for (UserFilter filter{.limit = 3};; filter.after = seen.back()) {
    const auto page = atomically([&](core::Tx& tx) { return world.store->list(tx, filter); });
    for (const auto& user : page) seen.push_back(user.id);
    if (page.size() < 3) break;
  }
  EXPECT_EQ(seen.size(), 7u);
  EXPECT_TRUE(std::ranges::is_sorted(seen, std::ranges::greater{}));
}

TEST_P(UserStore, ADeletedUserIsNotListedButPagesContinueBehindIt) {
  create("a");
  User b = create("b");
  create("c");
  b = without_personal_fields(b, clock.now());
  EXPECT_TRUE(atomically([&](core::Tx& tx) { return world.store->update(tx, b); }));
  EXPECT_EQ(list({}), (Names{"c", "a"}));
  EXPECT_EQ(list({.after = b.id}), (Names{"a"}));
}

TEST_P(UserStore, FiltersByStatus) {
  create("a");
  User b = create("b");
  b.disabled_at = clock.now();
  EXPECT_TRUE(atomically([&](core::Tx& tx) { return world.store->update(tx, b); }));
  EXPECT_EQ(list({.disabled = true}), (Names{"b"}));
  EXPECT_EQ(list({.disabled = false}), (Names{"a"}));
}

TEST_P(UserStore, SearchIsPlainTextWithoutCase) {
  create("ann_lee");
  create("ann.lee");
  create("half");
  User percent = sample("percent");
  percent.first_name = "100%";
  percent.last_name = "Sure!";
  atomically([&](core::Tx& tx) { return world.store->create(tx, percent); });

  EXPECT_EQ(list({.search = "ANN"}), (Names{"ann.lee", "ann_lee"}));
  EXPECT_EQ(list({.search = "n_l"}), (Names{"ann_lee"}));
  EXPECT_EQ(list({.search = "%"}), (Names{"percent"}));
  EXPECT_EQ(list({.search = "0% sure!"}), (Names{"percent"}));
  EXPECT_EQ(list({.search = "example.COM"}).size(), 4u);
  EXPECT_EQ(list({.search = "first HALF last"}), (Names{"half"}));
  EXPECT_EQ(list({.search = "\\"}), Names{});
  EXPECT_EQ(list({.search = "' OR 1=1 --"}), Names{});
}

INSTANTIATE_TEST_SUITE_P(Fake, UserStore, testing::Values(fake_world));
INSTANTIATE_TEST_SUITE_P(Sqlite, UserStore, testing::Values(sqlite_world));
INSTANTIATE_TEST_SUITE_P(Postgres, UserStore, testing::Values(postgres_world));

}  // namespace
}  // namespace accounts
