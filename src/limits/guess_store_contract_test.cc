#include <gtest/gtest.h>

#include <thread>

#include "limits/guess_store_sql.h"
#include "tests/support/databases.h"
#include "tests/support/fake_guesses.h"
#include "tests/support/fake_transactor.h"

namespace limits {
namespace {

class GuessStoreContract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "Fake") {
      auto fake = std::make_unique<test::FakeTransactor>();
      auto rows = std::make_unique<test::FakeGuesses>();
      fake->track(rows->rows);
      transactor_ = std::move(fake);
      store_ = std::move(rows);
      return;
    }
    transactor_ = GetParam() == "Sqlite" ? support::open_test_sqlite(clock_) : support::open_test_postgres();
    if (!transactor_) GTEST_SKIP() << "skipped: no " << GetParam();
    store_ = create_sql_guess_store();
  }
  template <class F>
  auto in_tx(F work) {
    return transactor_->atomically(work).value();
  }
  static Subject subject(uint8_t mark) {
    Subject made{};
    for (size_t i = 0; i < made.size(); ++i) made[i] = static_cast<uint8_t>(mark + i * 8);  // NUL and high bytes
    return made;
  }
  std::optional<Guesses> find(const Subject& of) {
    return in_tx([&](core::Tx& tx) { return store_->find(tx, of); });
  }
  void add(const Subject& to, core::Time at) {
    (void)transactor_->atomically([&](core::Tx& tx) -> core::Result<> {
      const Guesses guesses = TRY(store_->lock(tx, to));
      return store_->update(tx, to, {guesses.failures + 1, at});
    });
  }
  int64_t prune(core::Time before, int64_t limit) {
    return in_tx([&](core::Tx& tx) { return store_->prune(tx, before, limit); });
  }

  core::FakeClock clock_;
  core::Time now_ = clock_.now();
  std::unique_ptr<core::Transactor> transactor_;
  std::unique_ptr<GuessStore> store_;
};

TEST_P(GuessStoreContract, NothingIsKnownOfAStranger) {
  EXPECT_EQ(find(subject(1)), std::nullopt);
  in_tx([&](core::Tx& tx) { return store_->remove(tx, subject(1)); });
}

TEST_P(GuessStoreContract, FailuresAddUpForEachByItself) {
  add(subject(1), now_);
  add(subject(1), now_ + core::Millis(1));
  add(subject(2), now_);
  EXPECT_EQ(find(subject(1)), (Guesses{2, now_ + core::Millis(1)}));
  EXPECT_EQ(find(subject(2)), (Guesses{1, now_}));
  in_tx([&](core::Tx& tx) { return store_->remove(tx, subject(1)); });
  EXPECT_EQ(find(subject(1)), std::nullopt);
  EXPECT_EQ(find(subject(2)), (Guesses{1, now_}));
}

TEST_P(GuessStoreContract, NoneOfParallelFailuresIsLost) {
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 20; ++i) threads.emplace_back([&] { add(subject(1), now_); });
  }
  EXPECT_EQ(find(subject(1)), (Guesses{20, now_}));
}

TEST_P(GuessStoreContract, OldOnesAreClearedAwayAFewAtATime) {
  for (uint8_t i = 0; i < 5; ++i) add(subject(i), now_ + core::Millis(i));
  EXPECT_EQ(prune(now_ + core::Millis(3), 2), 2);
  EXPECT_EQ(prune(now_ + core::Millis(3), 2), 1);
  EXPECT_EQ(prune(now_ + core::Millis(3), 2), 0);
  EXPECT_TRUE(find(subject(3)));
}

INSTANTIATE_TEST_SUITE_P(Engines, GuessStoreContract, testing::Values("Fake", "Sqlite", "Postgres"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace limits
