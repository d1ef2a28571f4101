#include "risk/replay.h"

#include <gtest/gtest.h>

namespace risk {
namespace {

using std::chrono::minutes;

struct Replaying : testing::Test {
  Places places;
  Rules rules;
  core::Time now = core::from_millis(1'800'000'000'000);
  core::Uuid ann{{1}}, bob{{2}};
  std::optional<Replay> replay;

  void SetUp() override {
    rules.actions.fill(Action::record);
    replay.emplace(places, rules, std::chrono::days(180));
  }
  std::string feed(std::string action, std::optional<core::Uuid> user, std::string device, std::string address,
                   std::string detail = "invalid_credentials") {
    now += minutes(1);
    audit::Record record{.at = now,
                         .event = {.action = std::move(action), .subject = user, .detail = std::move(detail)}};
    record.origin = {.ip_address = std::move(address), .request_id = std::to_string(core::to_millis(now))};
    record.origin.device = std::move(device);
    const auto judgement = replay->feed(record);
    return judgement ? text_of(judgement->signals) : "-";
  }
  std::string sign_in(core::Uuid user, std::string device = "Mac", std::string address = "192.0.2.1") {
    return feed("session.created", user, std::move(device), std::move(address), "pwd");
  }
};

TEST_F(Replaying, SaysWhatTheRulesWouldHaveSaid) {
  EXPECT_EQ(sign_in(ann), "") << "the first";
  EXPECT_EQ(sign_in(ann), "");
  EXPECT_EQ(sign_in(ann, "Phone"), "new_device");
  EXPECT_EQ(sign_in(ann, "Phone", "198.51.100.1"), "new_network");
  EXPECT_EQ(sign_in(ann, "Phone", "198.51.100.2"), "");
  EXPECT_EQ(sign_in(bob, "Phone"), "") << "users have nothing to do with each other";
}

TEST_F(Replaying, ForgetsWhatIsOld) {
  sign_in(ann);
  now += std::chrono::days(100);
  sign_in(ann, "Phone");
  now += std::chrono::days(100);
  EXPECT_EQ(sign_in(ann), "new_device");
}

TEST_F(Replaying, CountsFailuresAndAccounts) {
  sign_in(ann);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(feed("login.failed", ann, "Mac", "192.0.2.1"), "-");
  EXPECT_EQ(sign_in(ann), "after_failures");
  EXPECT_EQ(sign_in(ann), "");
  for (int i = 0; i < 9; ++i) feed("login.failed", std::nullopt, "", "192.0.2.9");
  EXPECT_EQ(sign_in(ann), "many_accounts");
  now += std::chrono::hours(2);
  EXPECT_EQ(sign_in(ann), "");
}

TEST_F(Replaying, OtherEventsAreNoSignIns) {
  EXPECT_EQ(feed("session.ended", ann, "Mac", "192.0.2.1", "logout"), "-");
  EXPECT_EQ(sign_in(ann, "Phone"), "");
}

// Only rules that are on are replayed, as they would act.
TEST_F(Replaying, ObeysTheRules) {
  rules = {};
  rules.of(Signal::new_device) = Action::block;
  replay.emplace(places, rules, std::chrono::days(180));
  sign_in(ann);
  EXPECT_EQ(sign_in(ann, "Phone", "198.51.100.1"), "new_device");
}

}  // namespace
}  // namespace risk
