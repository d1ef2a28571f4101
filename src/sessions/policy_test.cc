#include "sessions/policy.h"

#include <gtest/gtest.h>

#include "sessions/session_config.h"

namespace sessions {
namespace {

std::string refused(const Reactions& reactions, core::Seconds step_up_after = core::Seconds(900)) {
  const auto done = check(reactions, step_up_after);
  return done ? "" : done.error().detail;
}

TEST(Policy, EachEventHasItsRow) {
  for (size_t i = 0; i < std::size(events); ++i) EXPECT_EQ(row_of(static_cast<Event>(i)).event, events[i].event);
  EXPECT_EQ(static_cast<size_t>(Event::disabled) + 1, std::size(events));
}

TEST(Policy, TheDefaultsMayBeChosen) { EXPECT_EQ(refused({}), ""); }

TEST(Policy, NothingMilderThanAnEventDemandsMayBeChosen) {
  for (const EventRow& row : events)
    for (const auto& [reaction, name] : names_of(Reaction{})) {
      Reactions chosen;
      chosen.*row.chosen = reaction;
      const std::string refusal = refused(chosen);
      EXPECT_EQ(refusal.empty(), reaction >= row.mildest) << row.setting << ' ' << name;
      EXPECT_TRUE(refusal.empty() || refusal.contains("sessions.on_" + std::string(row.setting))) << refusal;
    }
  EXPECT_EQ(refused({.password_reset = Reaction::end_others}),
            "sessions.on_password_reset must not be milder than end_all");
  EXPECT_EQ(refused({.disable = Reaction::keep}), "sessions.on_disable must not be milder than end_all");
}

TEST(Policy, AProofThatIsNeverAskedForCannotBeTakenBack) {
  const Reactions chosen{.role_change = Reaction::step_up};
  EXPECT_EQ(refused(chosen), "");
  EXPECT_TRUE(refused(chosen, core::Seconds(0)).contains("sessions.step_up_after"));
}

TEST(Policy, EachEventHasItsSetting) {
  core::Settings settings;
  Config config;
  declare(settings, config);
  for (const EventRow& row : events) {
    auto* setting = settings.find("sessions.on_" + std::string(row.setting));
    ASSERT_TRUE(setting) << row.setting;
    ASSERT_TRUE(setting->set("end_all"));
    EXPECT_EQ(config.reactions.*row.chosen, Reaction::end_all);
  }
}

}  // namespace
}  // namespace sessions
