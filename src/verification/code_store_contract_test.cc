#include <thread>

#include "verification/code_worlds_for_test.h"

namespace verification {
namespace {

using core::Millis;

class CodeStore : public EngineTest {
 protected:
  Code code(uint8_t mark, core::Time issued, size_t user = 0, Purpose purpose = Purpose::verify_email) {
    Code code{.user = world_->users[user],
              .purpose = purpose,
              .issued_at = issued,
              .expires_at = issued + std::chrono::minutes(10)};
    code.hash.fill(mark);
    return code;
  }
  // Unless the one before it was issued after `cooled`.
  bool issue(const Code& code, core::Time cooled) {
    return issue(code, {.cool_down = code.issued_at - cooled, .free_issues = 1000});
  }
  bool issue(const Code& code, const Rules& rules) {
    return in_tx([&](core::Tx& tx) { return world_->store->issue(tx, code, rules); });
  }
  // The first byte of the hash that may be tried; 0 when none may.
  int attempt(const Code& code, core::Time now) {
    const auto hash =
        in_tx([&](core::Tx& tx) { return world_->store->consume_try(tx, code.user, code.purpose, 5, now); });
    return hash ? (*hash)[0] : 0;
  }
  core::Time now_ = core::from_millis(1'700'000'000'000);
};

TEST_P(CodeStore, NothingIsOpenBeforeOneIsIssued) { EXPECT_EQ(attempt(code(1, now_), now_), 0); }

TEST_P(CodeStore, ANewerCodeReplacesTheOlderAndItsTries) {
  EXPECT_TRUE(issue(code(1, now_), now_));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(attempt(code(1, now_), now_), 1);
  EXPECT_EQ(attempt(code(1, now_), now_), 0);
  EXPECT_TRUE(issue(code(2, now_ + Millis(1)), now_));
  EXPECT_EQ(attempt(code(2, now_), now_), 2);
}

TEST_P(CodeStore, AnOlderCodeThatIsNotCooledStays) {
  EXPECT_TRUE(issue(code(1, now_), now_));
  EXPECT_FALSE(issue(code(2, now_ + Millis(1)), now_ - Millis(1)));
  EXPECT_EQ(attempt(code(1, now_), now_), 1);
}

TEST_P(CodeStore, TheFullHashComesBack) {
  Code made = code(0, now_);
  for (size_t i = 0; i < made.hash.size(); ++i) made.hash[i] = static_cast<uint8_t>(i * 8);  // NUL and high bytes
  EXPECT_TRUE(issue(made, now_));
  const auto hash =
      in_tx([&](core::Tx& tx) { return world_->store->consume_try(tx, made.user, made.purpose, 5, now_); });
  EXPECT_EQ(hash, made.hash);
}

TEST_P(CodeStore, UsersAndPurposesDoNotMix) {
  EXPECT_TRUE(issue(code(1, now_, 0), now_));
  EXPECT_TRUE(issue(code(2, now_, 1), now_));
  EXPECT_TRUE(issue(code(3, now_, 0, Purpose::reset_password), now_));
  in_tx([&](core::Tx& tx) { return world_->store->revoke(tx, world_->users[0], Purpose::verify_email); });
  EXPECT_EQ(attempt(code(0, now_, 0), now_), 0);
  EXPECT_EQ(attempt(code(0, now_, 1), now_), 2);
  EXPECT_EQ(attempt(code(0, now_, 0, Purpose::reset_password), now_), 3);
  EXPECT_EQ(attempt(code(0, now_, 2), now_), 0);
}

TEST_P(CodeStore, ARevokedCodeStillCools) {
  EXPECT_TRUE(issue(code(1, now_), now_));
  in_tx([&](core::Tx& tx) { return world_->store->revoke(tx, world_->users[0], Purpose::verify_email); });
  EXPECT_FALSE(issue(code(2, now_ + Millis(5)), now_ - Millis(1)));
  EXPECT_TRUE(issue(code(2, now_ + Millis(5)), now_));
}

TEST_P(CodeStore, CodesThatNobodyUsesComeLessAndLessOften) {
  const Rules rules;
  core::Time at = now_;
  const auto issued = [&](core::Millis later) { return issue(code(1, at + later), rules); };
  EXPECT_TRUE(issued({}));
  for (const int minutes : {1, 1, 1, 2, 4, 8, 16, 32, 60, 60}) {
    const core::Millis wait = std::chrono::minutes(minutes);
    EXPECT_FALSE(issued(wait - Millis(1))) << minutes;
    EXPECT_TRUE(issued(wait)) << minutes;
    at += wait;
  }
  at += rules.forgotten;
  EXPECT_TRUE(issued({})) << "a day later it begins anew";
  EXPECT_TRUE(issued(std::chrono::minutes(1)));
}

TEST_P(CodeStore, TheFirstOfARequestDoNotWaitForEachOther) {
  const Rules rules{.at_once = 3};
  const auto cools_until = [&] {
    return in_tx(
        [&](core::Tx& tx) { return world_->store->cools_until(tx, world_->users[0], Purpose::verify_email, rules); });
  };
  EXPECT_LE(cools_until(), now_);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(issue(code(1, now_), rules)) << i;
  for (const int minutes : {1, 2, 4}) {
    const core::Time next = now_ + std::chrono::minutes(minutes);
    EXPECT_EQ(cools_until(), next);
    EXPECT_FALSE(issue(code(1, next - Millis(1)), rules)) << minutes;
    EXPECT_TRUE(issue(code(1, next), rules)) << minutes;
    now_ = next;
  }
}

TEST_P(CodeStore, AUsedCodeMakesThoseBeforeItForgotten) {
  const Rules rules;
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(issue(code(1, now_ + std::chrono::minutes(i)), rules));
  in_tx([&](core::Tx& tx) { return world_->store->revoke(tx, world_->users[0], Purpose::verify_email); });
  for (int i = 4; i < 8; ++i) EXPECT_TRUE(issue(code(1, now_ + std::chrono::minutes(i)), rules)) << i;
  EXPECT_FALSE(issue(code(1, now_ + std::chrono::minutes(8)), rules));
}

TEST_P(CodeStore, WhatIsForgottenLetsTheNextOneComeAtOnce) {
  const Rules rules;
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(issue(code(1, now_ + std::chrono::minutes(i)), rules));
  EXPECT_TRUE(issue(code(5, now_, 1), rules));
  in_tx([&](core::Tx& tx) { return world_->store->forget(tx, world_->users[0]); });
  EXPECT_EQ(attempt(code(1, now_), now_ + std::chrono::minutes(4)), 1) << "the code that was mailed still opens";
  EXPECT_TRUE(issue(code(2, now_ + std::chrono::minutes(3)), rules));
  EXPECT_FALSE(issue(code(6, now_, 1), rules)) << "another user's";
}

TEST_P(CodeStore, TheMomentOfExpiryIsTooLate) {
  EXPECT_TRUE(issue(code(1, now_), now_));
  EXPECT_EQ(attempt(code(1, now_), now_ + std::chrono::minutes(10)), 0);
  EXPECT_EQ(attempt(code(1, now_), now_ + std::chrono::minutes(10) - Millis(1)), 1);
}

TEST_P(CodeStore, AFailedTransactionLeavesNoTrace) {
  EXPECT_TRUE(issue(code(1, now_), now_));
  const auto undone = world_->transactor->atomically([&](core::Tx& tx) -> core::Result<> {
    TRY(world_->store->revoke(tx, world_->users[0], Purpose::verify_email));
    return core::fail(core::Code::conflict);
  });
  EXPECT_FALSE(undone);
  EXPECT_EQ(attempt(code(1, now_), now_), 1);
}

TEST_P(CodeStore, OfParallelIssuersOneWins) {
  std::atomic<int> won{0};
  {
    std::vector<std::jthread> threads;
    for (uint8_t i = 1; i <= 20; ++i)
      threads.emplace_back([&, i] { won += issue(code(i, now_), now_ - std::chrono::minutes(1)); });
  }
  EXPECT_EQ(won, 1);
}

INSTANTIATE_TEST_SUITE_P(Engines, CodeStore, testing::Values("Fake", "Sqlite", "Postgres"), engine_name);

}  // namespace
}  // namespace verification
