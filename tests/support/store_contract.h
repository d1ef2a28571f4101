// Owns: what contract suites share whose stores hold rows of users: the engine that the parameter names, and two users.
// Does not own: the stores under test, which a suite makes in use_fakes() and use_sql().
#pragma once
#include <gtest/gtest.h>

#include "accounts/user_store_sql.h"
#include "crypto/random.h"
#include "tests/support/databases.h"
#include "tests/support/fake_accounts.h"
#include "tests/support/fake_transactor.h"
#include "tests/support/postgres_server.h"

namespace test {

// By "Fake", "Sqlite" or "Postgres".
class StoreContract : public testing::TestWithParam<std::string> {
 protected:
  using UserId = accounts::UserId;

  virtual void use_fakes(FakeTransactor& transactor) = 0;
  virtual void use_sql() = 0;

  void SetUp() override {
    if (GetParam() == "Fake") make_fakes();
    else transactor_ = GetParam() == "Sqlite" ? support::open_test_sqlite(clock_) : support::open_test_postgres();
    if (!transactor_) GTEST_SKIP() << support::postgres_absent;
    if (GetParam() != "Fake") {
      users_ = accounts::create_sql_store();
      use_sql();
    }
    ann_ = add_user();
    bob_ = add_user();
  }
  template <class F>
  auto in_tx(F work) {
    auto result = transactor_->atomically(work);
    EXPECT_TRUE(result) << result.error().cause;
    return std::move(result).value();
  }
  UserId add_user() {
    const UserId id = random_.id<UserId>(clock_.now());
    in_tx([&](core::Tx& tx) {
      return users_->create(tx, {.id = id, .email = id.str(), .email_key = id.str(), .first_name = "Ada"});
    });
    return id;
  }

  core::FakeClock clock_;
  crypto::SystemRandom random_;
  std::unique_ptr<core::Transactor> transactor_;
  std::unique_ptr<accounts::Store> users_;
  UserId ann_, bob_;

 private:
  void make_fakes() {
    auto transactor = std::make_unique<FakeTransactor>();
    auto users = std::make_unique<FakeUsers>();
    transactor->track(users->users);
    use_fakes(*transactor);
    transactor_ = std::move(transactor);
    users_ = std::move(users);
  }
};

}  // namespace test
