#include "verification/code_service.h"

#include <cmath>
#include <thread>

#include "verification/code_worlds_for_test.h"

namespace verification {
namespace {

using core::Millis;
using crypto::Secret;
using std::chrono::minutes;
using std::chrono::seconds;

class Codes : public EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    if (world_) service_ = std::make_unique<Service>(*world_->store, random_, Secret(std::string(32, 'k')));
  }
  std::optional<Secret> issue(Purpose purpose = Purpose::verify_email, size_t user = 0) {
    return in_tx([&](core::Tx& tx) { return service_->issue(tx, world_->users[user], purpose, world_->clock.now()); });
  }
  Outcome consume(const Secret& code, Purpose purpose = Purpose::verify_email, size_t user = 0) {
    return in_tx(
        [&](core::Tx& tx) { return service_->consume(tx, world_->users[user], purpose, code, world_->clock.now()); });
  }
  static Secret wrong(const Secret& right, int step = 1) {
    std::string digits(right.expose());
    digits.back() = static_cast<char>('0' + (digits.back() - '0' + step) % 10);
    return Secret(digits);
  }
  crypto::SystemRandom random_;
  std::unique_ptr<Service> service_;
};

TEST_P(Codes, OpensOnce) {
  const Secret code = issue().value();
  EXPECT_EQ(consume(code), Outcome::accepted);
  EXPECT_EQ(consume(code), Outcome::refused);
}

TEST_P(Codes, OpenWhatTheyAreAboutAndStayOpenWhenCompared) {
  const auto user = world_->users[0];
  const auto now = world_->clock.now();
  const auto code =
      in_tx([&](core::Tx& tx) { return service_->issue(tx, user, Purpose::change_email_new, now, "a@b.c"); }).value();
  const auto compare = [&](std::string_view about) {
    return in_tx(
        [&](core::Tx& tx) { return service_->compare(tx, user, Purpose::change_email_new, code, now, about); });
  };
  for (const char* other : {"", "a@b.", "a@b.cc"}) EXPECT_EQ(compare(other), Outcome::refused) << other;
  EXPECT_EQ(compare("a@b.c"), Outcome::accepted);
  EXPECT_EQ(compare("a@b.c"), Outcome::accepted);
  EXPECT_EQ(compare("a@b.c"), Outcome::refused) << "each costs a try";
}

TEST_P(Codes, OfARequestOpenItAndNoOther) {
  const auto user = world_->users[0];
  const auto now = world_->clock.now();
  const auto demand = [&](std::string_view request) {
    return world_->transactor->atomically(
        [&](core::Tx& tx) { return service_->demand(tx, user, Purpose::sign_in, now, request); });
  };
  const auto opens = [&](const Secret& code, std::string_view request) {
    return in_tx([&](core::Tx& tx) { return service_->consume(tx, user, Purpose::sign_in, code, now, request); }) ==
           Outcome::accepted;
  };
  const Secret first = demand("first").value(), second = demand("second").value();
  if (first.expose() != second.expose()) EXPECT_FALSE(opens(first, "first")) << "an older one";
  EXPECT_FALSE(opens(second, "first"));
  EXPECT_FALSE(opens(second, ""));
  EXPECT_TRUE(opens(second, "second"));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(demand("third")) << i;
  const auto refused = demand("third");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, core::Code::rate_limited);
  EXPECT_EQ(refused.error().retry_after, minutes(1));
}

TEST_P(Codes, AreDiscardedTogether) {
  const Secret verify = issue().value(), reset = issue(Purpose::reset_password).value();
  const Secret other = issue(Purpose::verify_email, 1).value();
  EXPECT_TRUE(
      world_->transactor->atomically([&](core::Tx& tx) { return service_->discard_all(tx, world_->users[0]); }));
  EXPECT_EQ(consume(verify), Outcome::refused);
  EXPECT_EQ(consume(reset, Purpose::reset_password), Outcome::refused);
  EXPECT_EQ(consume(other, Purpose::verify_email, 1), Outcome::accepted);
}

TEST_P(Codes, LiveTenMinutes) {
  const Secret code = issue().value();
  const Secret other = issue(Purpose::verify_email, 1).value();
  world_->clock.advance(minutes(9) + seconds(59));
  EXPECT_EQ(consume(code), Outcome::accepted);
  world_->clock.advance(seconds(2));
  EXPECT_EQ(consume(other, Purpose::verify_email, 1), Outcome::refused);
}

TEST_P(Codes, FourWrongTriesLeaveOne) {
  const Secret code = issue().value();
  for (int i = 1; i <= 4; ++i) EXPECT_EQ(consume(wrong(code, i)), Outcome::refused);
  EXPECT_EQ(consume(code), Outcome::accepted);
}

TEST_P(Codes, FiveWrongTriesVoid) {
  const Secret code = issue().value();
  for (int i = 1; i <= 5; ++i) EXPECT_EQ(consume(wrong(code, i)), Outcome::refused);
  EXPECT_EQ(consume(code), Outcome::refused);
}

TEST_P(Codes, WhatIsNotSixDigitsCostsNoTry) {
  const Secret code = issue().value();
  for (const char* text :
       {"", "12345", "1234567", "12345a", " 12345", "123456\n", "-12345", "+12345", "١٢٣٤٥٦", "１２３"})
    EXPECT_EQ(consume(Secret(std::string(text))), Outcome::refused) << text;
  EXPECT_EQ(consume(Secret(std::string("12345\0", 6))), Outcome::refused);
  EXPECT_EQ(consume(code), Outcome::accepted);
}

TEST_P(Codes, AreBoundToUserAndPurpose) {
  const Secret code = issue().value();
  // Codes of their own exist behind the other doors: refused because of the code, not for want of one.
  const Secret second = issue(Purpose::reset_password).value();
  const Secret third = issue(Purpose::verify_email, 1).value();
  if (second.expose() != code.expose()) EXPECT_EQ(consume(code, Purpose::reset_password), Outcome::refused);
  if (third.expose() != code.expose()) EXPECT_EQ(consume(code, Purpose::verify_email, 1), Outcome::refused);
  EXPECT_EQ(consume(code, Purpose::verify_email, 2), Outcome::refused);
  EXPECT_EQ(consume(code), Outcome::accepted);
}

TEST_P(Codes, ANewerOneVoidsTheOlder) {
  const Secret older = issue().value();
  world_->clock.advance(seconds(60));
  const Secret newer = issue().value();
  if (older.expose() != newer.expose()) EXPECT_EQ(consume(older), Outcome::refused);
  EXPECT_EQ(consume(newer), Outcome::accepted);
}

TEST_P(Codes, CoolDownKeepsTheCodeThatWasMailed) {
  const Secret code = issue().value();
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(issue());
  world_->clock.advance(Millis(59'999));
  EXPECT_FALSE(issue());
  EXPECT_EQ(consume(code), Outcome::accepted);
}

TEST_P(Codes, CoolDownOutlivesTheCode) {
  EXPECT_EQ(consume(issue().value()), Outcome::accepted);
  EXPECT_FALSE(issue());
  world_->clock.advance(seconds(60));
  const Secret second = issue().value();
  for (int i = 1; i <= 5; ++i) consume(wrong(second, i));
  EXPECT_FALSE(issue());
  world_->clock.advance(seconds(60));
  EXPECT_TRUE(issue());
  in_tx([&](core::Tx& tx) { return service_->discard(tx, world_->users[0], Purpose::verify_email); });
  EXPECT_FALSE(issue());
  EXPECT_TRUE(issue(Purpose::reset_password)) << "purposes cool down apart";
}

TEST_P(Codes, DiscardedOnesOpenNothing) {
  const Secret code = issue().value();
  in_tx([&](core::Tx& tx) { return service_->discard(tx, world_->users[0], Purpose::verify_email); });
  EXPECT_EQ(consume(code), Outcome::refused);
}

TEST_P(Codes, OfFiftyParallelTriesOneSucceeds) {
  const Secret code = issue().value();
  std::atomic<int> accepted{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 50; ++i) threads.emplace_back([&] { accepted += consume(code) == Outcome::accepted; });
  }
  EXPECT_EQ(accepted, 1);
}

TEST_P(Codes, ParallelGuessesGetFiveTries) {
  const Secret code = issue().value();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 30; ++i) threads.emplace_back([&, i] { consume(wrong(code, 1 + i % 9)); });
  }
  EXPECT_EQ(consume(code), Outcome::refused);
}

INSTANTIATE_TEST_SUITE_P(Engines, Codes, testing::Values("Fake", "Sqlite", "Postgres"), engine_name);

// Any order of issuing, waiting, guessing and consuming agrees with this small model of the rules.
struct Model {
  std::string code;
  core::Time issued{}, expires{};
  int attempts = 0;
  bool any = false;
  int unused = 0;  // codes in a row

  bool issues(core::Time now) const {
    auto wait = minutes(1);
    for (int more = 3; more < unused; ++more) wait = std::min(wait * 2, minutes(60));
    return !any || now - issued >= wait;
  }
  void issue(std::string text, core::Time now) {
    unused = now - issued >= minutes(24 * 60) ? 1 : unused + 1;
    code = std::move(text);
    issued = now;
    expires = now + minutes(10);
    attempts = 0;
    any = true;
  }
  bool accepts(std::string_view given, core::Time now) {
    if (!any || attempts >= 5 || now >= expires) return false;
    ++attempts;
    if (given != code) return false;
    expires = {};
    unused = 0;
    return true;
  }
};

void check_agreement(uint64_t seed, int steps) {
  std::mt19937_64 dice(seed);
  crypto::SeededRandom random(seed);
  const auto world = create_fake_world();
  create_users(*world);
  Service service(*world->store, random, Secret(std::string(32, 'x')));
  Model model;
  for (int step = 0; step < steps; ++step) {
    const core::Time now = world->clock.now();
    const auto done = world->transactor->atomically([&](core::Tx& tx) -> core::Result<> {
      if (dice() % 4 == 0) {
        const auto code = TRY(service.issue(tx, world->users[0], Purpose::reset_password, now));
        EXPECT_EQ(code.has_value(), model.issues(now)) << "seed " << seed << " step " << step;
        if (code) model.issue(std::string(code->expose()), now);
      } else {
        const std::string given = dice() % 3 && model.any ? model.code : std::string("000000");
        const auto outcome = TRY(service.consume(tx, world->users[0], Purpose::reset_password, Secret(given), now));
        EXPECT_EQ(outcome == Outcome::accepted, model.accepts(given, now)) << "seed " << seed << " step " << step;
      }
      return {};
    });
    ASSERT_TRUE(done);
    world->clock.advance(Millis(static_cast<int64_t>(dice() % 3 ? dice() % 30'000 : dice() % 700'000)));
  }
}

TEST(CodeRules, AgreeWithTheModelInAnyOrder) {
  const uint64_t first = std::random_device()();
  std::printf("seeds %llu to +199, 200 steps each\n", static_cast<unsigned long long>(first));
  for (uint64_t seed = first; seed < first + 200; ++seed) check_agreement(seed, 200);
}

TEST(CodeRules, EveryDigitIsAsLikelyAtEveryPlace) {
  constexpr int rounds = 100'000;
  crypto::SystemRandom random;
  std::array<std::array<int, 10>, code_digits> seen{};
  for (int i = 0; i < rounds; ++i) {
    const Secret code = create_code(random);
    ASSERT_TRUE(well_formed(code.expose()));
    for (size_t place = 0; place < code_digits; ++place) ++seen[place][static_cast<size_t>(code.expose()[place] - '0')];
  }
  for (const auto& place : seen) {
    double chi_square = 0;
    for (int count : place) chi_square += std::pow(count - rounds / 10.0, 2) / (rounds / 10.0);
    std::printf("chi-square with 9 degrees of freedom: %.2f\n", chi_square);
    EXPECT_LT(chi_square, 40);  // exceeded by chance once in 130,000
  }
}

TEST(CodeRules, TheHashNeedsTheKeyTheUserAndThePurpose) {
  crypto::SystemRandom random;
  const auto user = random.id<accounts::UserId>({}), other = random.id<accounts::UserId>({});
  const crypto::HmacKey key{Secret(std::string(32, 'a'))}, second{Secret(std::string(32, 'b'))};
  const Secret code(std::string("012345"));
  const auto hash = hash_code(key, user, Purpose::verify_email, code);
  EXPECT_EQ(hash, hash_code(key, user, Purpose::verify_email, code));
  EXPECT_NE(hash, hash_code(second, user, Purpose::verify_email, code));
  EXPECT_NE(hash, hash_code(key, other, Purpose::verify_email, code));
  EXPECT_NE(hash, hash_code(key, user, Purpose::reset_password, code));
  EXPECT_NE(hash, hash_code(key, user, Purpose::verify_email, Secret(std::string("012346"))));
}

}  // namespace
}  // namespace verification
