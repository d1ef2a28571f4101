#include "history/attempt.h"

#include <gtest/gtest.h>

namespace history {
namespace {

using Words = std::vector<std::string>;

audit::Record record(std::string action, std::string detail = "", bool signed_in = false) {
  audit::Record made{.id = {{1}}, .at = core::from_millis(5), .event = {.action = std::move(action)}};
  made.event.detail = std::move(detail);
  made.event.session = core::Uuid{{2}};
  made.origin = {.ip_address = "192.0.2.1", .request_id = "r", .device = "Chrome on macOS"};
  if (signed_in) made.origin.actor = core::Uuid{{3}};
  return made;
}

TEST(Attempt, ASignInTellsWhatWasProved) {
  const auto attempt = attempt_of(record("session.created", "pwd otp mfa"));
  ASSERT_TRUE(attempt);
  EXPECT_EQ(attempt->outcome, Outcome::succeeded);
  EXPECT_EQ(attempt->methods, (Words{"pwd", "otp", "mfa"}));
  EXPECT_EQ(attempt->reason, "");
  EXPECT_EQ(attempt->session, core::Uuid{{2}});
  EXPECT_EQ(attempt->device + attempt->ip_address + attempt->request_id, "Chrome on macOS192.0.2.1r");
  EXPECT_EQ(attempt->at, core::from_millis(5));
}

TEST(Attempt, ARefusalTellsWhyButNotByWhichRule) {
  EXPECT_EQ(attempt_of(record("login.failed", "invalid_credentials"))->reason, "invalid_credentials");
  EXPECT_EQ(attempt_of(record("login.failed", "invalid_credentials"))->methods, Words{"pwd"});
  EXPECT_EQ(attempt_of(record("login.failed", "sign_in_refused: new_country"))->reason, "sign_in_refused");
  EXPECT_EQ(attempt_of(record("login.failed"))->outcome, Outcome::refused);
}

TEST(Attempt, ACodeCountsOnlyBeforeTheSignIn) {
  const auto refused = attempt_of(record("factor.refused", "totp"));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->reason, "otp_invalid");
  EXPECT_EQ(refused->methods, Words{"totp"});
  EXPECT_TRUE(attempt_of(record("user.code_refused")));
  EXPECT_FALSE(attempt_of(record("factor.refused", "totp", true)));
  EXPECT_FALSE(attempt_of(record("user.code_refused", "", true)));
}

TEST(Attempt, OtherEventsAreNone) {
  for (const char* action : {"session.ended", "session.created2", "password.changed", ""})
    EXPECT_FALSE(attempt_of(record(action)));
  for (const auto& action : actions()) EXPECT_TRUE(attempt_of(record(action))) << action;
}

}  // namespace
}  // namespace history
