#include "risk/rules.h"

#include <gtest/gtest.h>

#include "crypto/random.h"

namespace risk {
namespace {

using enum Signal;
using std::chrono::hours;

const Location paris{48.86, 2.35}, versailles{48.80, 2.13}, new_york{40.71, -74.01};
const core::Time noon = core::from_millis(1'800'000'000'000);

Rules all(Action action) {
  Rules rules;
  rules.actions.fill(action);
  return rules;
}

// Of whom everything is known.
Facts usual() {
  return {.known_device = true, .known_network = true, .known_country = true, .now = noon, .place = {"FR", paris}};
}

std::string signals(const Facts& facts, const Rules& rules = all(Action::record)) {
  return text_of(judge(facts, rules).signals);
}

template <class F>
Facts but(F change) {
  Facts facts = usual();
  change(facts);
  return facts;
}

TEST(Rules, OfWhatIsUsualNothingIsSaid) {
  EXPECT_EQ(signals(usual()), "");
  EXPECT_EQ(judge(usual(), all(Action::block)).action, Action::off);
}

TEST(Rules, EachSignalHasItsFact) {
  EXPECT_EQ(signals(but([](Facts& f) { f.known_device = false; })), "new_device");
  EXPECT_EQ(signals(but([](Facts& f) { f.known_network = false; })), "new_network");
  EXPECT_EQ(signals(but([](Facts& f) { f.known_country = false; })), "new_country");
  EXPECT_EQ(signals(but([](Facts& f) { f.last = {noon - hours(1), {"US", new_york}}; })), "impossible_travel");
  EXPECT_EQ(signals(but([](Facts& f) { f.accounts = 10; })), "many_accounts");
  EXPECT_EQ(signals(but([](Facts& f) { f.accounts = 9; })), "");
  EXPECT_EQ(signals(but([](Facts& f) { f.after_failures = true; })), "after_failures");
  EXPECT_EQ(signals(but([](Facts& f) { f.moved = true; })), "second_network");
}

TEST(Rules, AFirstSignInHasNothingToCompareWith) {
  EXPECT_EQ(signals({.first = true, .now = noon, .place = {"FR", paris}}), "");
  EXPECT_EQ(signals({.first = true, .now = noon, .accounts = 10, .after_failures = true}),
            "many_accounts after_failures");
}

TEST(Rules, WhatIsNotKnownIsNotUnusual) {
  EXPECT_EQ(signals(but([](Facts& f) { f.place = {}, f.known_country = false; })), "");
  EXPECT_EQ(signals(but([](Facts& f) { f.place = {}, f.last = {noon, {"US", new_york}}; })), "");
  EXPECT_EQ(signals(but([](Facts& f) { f.last = {noon, {"US", {}}}; })), "");
}

TEST(Rules, ATravellerIsAsFastAsAnAeroplane) {
  const auto from_new_york = [](core::Millis before) {
    return signals(but([&](Facts& f) { f.last = {noon - before, {"US", new_york}}; }));
  };
  EXPECT_EQ(from_new_york(hours(7)), "") << "5,837 km";
  EXPECT_EQ(from_new_york(hours(5)), "impossible_travel");
  EXPECT_EQ(from_new_york(-hours(5)), "impossible_travel") << "a clock that was set gives nobody wings";
  EXPECT_EQ(signals(but([](Facts& f) { f.last = {noon, {"FR", versailles}}; })), "") << "as near as databases err";
}

TEST(Rules, TheStrictestActionCounts) {
  Rules rules;
  rules.of(new_device) = Action::notify;
  rules.of(new_network) = Action::block;
  Facts facts = usual();
  facts.known_device = false;
  EXPECT_EQ(judge(facts, rules), (Judgement{{new_device}, Action::notify}));
  facts.known_network = false;
  EXPECT_EQ(judge(facts, rules), (Judgement{{new_device, new_network}, Action::block}));
  facts.known_country = false;
  EXPECT_EQ(judge(facts, rules).signals.size(), 2u) << "a rule that is off says nothing";
}

// Whatever the facts: only rules that are on speak, and the action is that of one which does.
TEST(Rules, TheActionIsAlwaysThatOfASignal) {
  crypto::SystemRandom random;
  const auto flip = [&] { return random.below(2) == 1; };
  for (int i = 0; i < 10'000; ++i) {
    Rules rules;
    for (auto& action : rules.actions) action = static_cast<Action>(random.below(names_of(Action{}).size()));
    const Facts facts{.first = flip(),
                      .known_device = flip(),
                      .known_network = flip(),
                      .known_country = flip(),
                      .now = noon,
                      .place = {flip() ? "FR" : "", flip() ? std::optional(paris) : std::nullopt},
                      .last = flip() ? std::optional(Seen{noon, {"US", new_york}}) : std::nullopt,
                      .accounts = static_cast<int64_t>(random.below(20)),
                      .after_failures = flip(),
                      .moved = flip()};
    const auto judgement = judge(facts, rules);
    Action strictest = Action::off;
    for (const Signal signal : judgement.signals) {
      ASSERT_TRUE(rules.on(signal));
      strictest = std::max(strictest, rules.of(signal));
    }
    ASSERT_EQ(judgement.action, strictest);
  }
}

}  // namespace
}  // namespace risk
