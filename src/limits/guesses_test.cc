#include "limits/guesses.h"

#include <gtest/gtest.h>

namespace limits {
namespace {

using core::Millis, core::Seconds, core::Time;
using std::chrono::minutes, std::chrono::hours;

const GuessRules rules;
const Time last = core::from_millis(1'800'000'000'000);

Millis wait_after(int64_t failures, Millis later = {}) { return wait({failures, last}, rules, last + later); }

TEST(Guesses, TheFirstTwentyCostNothing) {
  for (int64_t failures = 0; failures < 20; ++failures) EXPECT_EQ(wait_after(failures), Millis(0)) << failures;
}

TEST(Guesses, EachFurtherOneDoublesTheWaitUpToAnHour) {
  const std::vector<Millis> waits = {Seconds(30), minutes(1),  minutes(2), minutes(4), minutes(8),
                                     minutes(16), minutes(32), hours(1),   hours(1)};
  for (size_t i = 0; i < waits.size(); ++i) EXPECT_EQ(wait_after(20 + static_cast<int64_t>(i)), waits[i]) << i;
  EXPECT_EQ(wait_after(99), hours(1));
}

TEST(Guesses, TheWaitIsOverAtItsEnd) {
  EXPECT_EQ(wait_after(20, Millis(29'999)), Millis(1));
  EXPECT_EQ(wait_after(20, Seconds(30)), Millis(0));
  EXPECT_EQ(wait_after(20, hours(24 * 365)), Millis(0));
}

TEST(Guesses, AClockThatWentBackMakesNobodyWaitLonger) { EXPECT_EQ(wait_after(20, -hours(24 * 365)), Seconds(30)); }

TEST(Guesses, AHundredAreHeldForThirtyDaysAndThenForgotten) {
  EXPECT_EQ(wait_after(100), hours(24 * 30));
  EXPECT_EQ(wait_after(INT64_MAX, hours(24 * 29)), hours(24));
  const Time later = last + hours(24 * 30);
  EXPECT_EQ(wait({100, last}, rules, later), Millis(0));
  EXPECT_EQ(after_failure({100, last}, rules, later), (Guesses{1, later}));
  EXPECT_EQ(after_failure({100, last}, rules, later - Millis(1)), (Guesses{101, later - Millis(1)}));
  EXPECT_EQ(after_failure({}, rules, later), (Guesses{1, later}));
}

// What docs/OPERATIONS.md promises.
TEST(Guesses, OfGuessesWithoutEndAFewAreHeardInADayAndAHundredAtAll) {
  Guesses guesses{0, last};
  Time now = last;
  int64_t in_a_day = 0;
  for (; !locked(guesses, rules); now += wait(guesses, rules, now)) {
    if (now < last + hours(24)) ++in_a_day;
    guesses = after_failure(guesses, rules, now);
  }
  EXPECT_EQ(in_a_day, 49);
  EXPECT_EQ(guesses.failures, 100);
}

}  // namespace
}  // namespace limits
