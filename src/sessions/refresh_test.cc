#include "sessions/refresh.h"

#include <gtest/gtest.h>

namespace sessions {
namespace {

using core::Millis, core::Seconds;
using std::chrono::hours;

constexpr RefreshRules rules{.grace = Seconds(30)};
constexpr std::string_view laptop = "macos|chrome|", phone = "ios|safari|", unknown = "";
const core::Time t0 = core::from_millis(1'800'000'000'000);

// The state after rotations at `times` seconds, from generation 0 on.
Rotation after(const std::vector<int>& times, std::string_view family = laptop) {
  Rotation rotation;
  for (const int at : times) rotation = rotated(rotation, rotation.generation, family, t0 + Seconds(at));
  return rotation;
}

struct Row {
  const char* rule;
  Rotation state;
  int64_t presented;
  std::string_view family;
  Millis at;
  Verdict verdict;
};

const Row table[] = {
    {"the first token rotates", {}, 0, laptop, Seconds(0), Verdict::rotate},
    {"the current token rotates, whoever presents it", after({0, 100}), 2, phone, Seconds(200), Verdict::rotate},
    {"the current token rotates, however old", after({0}), 1, laptop, hours(9000), Verdict::rotate},
    {"a lost answer is given again", after({0}), 0, laptop, Seconds(1), Verdict::repeat},
    {"within the grace to anybody", after({0}), 0, phone, Seconds(29), Verdict::repeat},
    {"the last moment of the grace", after({0}), 0, phone, Millis(29'999), Verdict::repeat},
    {"after the grace to the same device, and it is recorded", after({0}), 0, laptop, Seconds(30),
     Verdict::repeat_late},
    {"however long ago", after({0}), 0, laptop, hours(5000), Verdict::repeat_late},
    {"a device that is not known is not another one", after({0}), 0, unknown, hours(1), Verdict::repeat_late},
    {"nor when it was not known then", after({0}, unknown), 0, phone, hours(1), Verdict::repeat_late},
    {"after the grace to another device is theft", after({0}), 0, phone, Seconds(30), Verdict::theft},
    {"the successor was used just now", after({0, 100}), 0, laptop, Seconds(129), Verdict::repeat},
    {"the last moment after its use", after({0, 100}), 0, laptop, Millis(129'999), Verdict::repeat},
    {"the successor has long been in use: theft", after({0, 100}), 0, laptop, Seconds(130), Verdict::theft},
    {"also from a device that is not known", after({0, 100}), 0, unknown, Seconds(131), Verdict::theft},
    {"four rotations back is known", after({0, 1, 2, 3, 4}), 0, laptop, Seconds(5), Verdict::repeat},
    {"further back is not, so it is theft", after({0, 1, 2, 3, 4, 5}), 0, laptop, Seconds(6), Verdict::theft},
    {"each generation has its own time", after({0, 100, 200}), 0, laptop, Seconds(201), Verdict::theft},
    {"the one before it has its own, too", after({0, 100, 200}), 1, laptop, Seconds(229), Verdict::repeat},
    {"newer than the row: the database went back", after({0}), 7, phone, hours(1), Verdict::fast_forward},
    {"a clock that went back grants grace", after({100, 200}), 0, laptop, Seconds(0), Verdict::repeat},
};

TEST(Refresh, EveryRuleOfTheTable) {
  for (const Row& row : table)
    EXPECT_EQ(judge(row.state, row.presented, row.family, t0 + row.at, rules), row.verdict) << row.rule;
}

TEST(Refresh, WithoutGraceOnlyTheUnconfirmedIsRepeated) {
  const RefreshRules strict{.grace = Seconds(0)};
  EXPECT_EQ(judge(after({0}), 0, laptop, t0, strict), Verdict::repeat_late);
  EXPECT_EQ(judge(after({0, 1}), 0, laptop, t0 + Seconds(1), strict), Verdict::theft);
}

TEST(Refresh, ARotationCountsUpAndKeepsTheLastFourTimes) {
  const Rotation state = after({1, 2, 3, 4, 5, 6});
  EXPECT_EQ(state.generation, 6);
  EXPECT_EQ(state.times, (std::vector{t0 + Seconds(6), t0 + Seconds(5), t0 + Seconds(4), t0 + Seconds(3)}));
  EXPECT_EQ(state.answered_to, laptop);
}

TEST(Refresh, AFastForwardStartsBehindThePresentedOneAndGrantsGrace) {
  const Rotation state = rotated(after({0}), 41, phone, t0 + Seconds(9));
  EXPECT_EQ(state.generation, 42);
  EXPECT_EQ(state.answered_to, phone);
  // Calls that were in flight when the database went back find the grace, for it is not known when they were rotated.
  EXPECT_EQ(judge(state, 38, phone, t0 + Seconds(38), rules), Verdict::repeat);
  EXPECT_EQ(judge(state, 38, phone, t0 + Seconds(39), rules), Verdict::theft);
  EXPECT_EQ(judge(state, 3, phone, t0 + Seconds(10), rules), Verdict::theft);
}

}  // namespace
}  // namespace sessions
