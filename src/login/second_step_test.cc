#include "login/second_step.h"

#include <gtest/gtest.h>

namespace login {
namespace {

using mfa::Policy;
using enum SecondMethod;

const std::vector<mfa::Method> app = {mfa::Method::totp, mfa::Method::recovery_code};

struct Case {
  const char* name;
  Policy policy;
  Standing standing;
  SecondStep step;
};

const Case cases[] = {
    {"NothingIsAskedOfWhoHasNothing", Policy::optional, {}, {}},
    {"AnAppIsAskedFor", Policy::optional, {app}, {{totp, recovery_code}, {}}},
    {"AnAppIsAskedForThoughNoMoreAreAdded", Policy::off, {app}, {{totp, recovery_code}, {}}},
    {"APasskeyAloneDoesNotLockThePasswordOut", Policy::optional, {{}, true}, {}},
    {"APasskeyWillDoInThePlaceOfTheApp", Policy::optional, {app, true}, {{totp, recovery_code, passkey}, {}}},
    {"WhoProvedItIsDone", Policy::optional, {app, true, true}, {}},
    {"WhoMustAndHasNothingAddsIt", Policy::required, {}, {{}, {totp, passkey}}},
    {"WhoMustAndHasAPasskeyUsesIt", Policy::required, {{}, true}, {{passkey}, {}}},
    {"WhoMustAndHasAnAppUsesIt", Policy::required, {app}, {{totp, recovery_code}, {}}},
    {"WhoMustAndProvedItIsDone", Policy::required, {app, false, true}, {}},
    {"OnlyAPasskeyWillDo", Policy::phishing_resistant, {app, true}, {{passkey}, {}}},
    {"OnlyAPasskeyWillDoAfterTheApp", Policy::phishing_resistant, {app, true, true}, {{passkey}, {}}},
    {"ThePasskeyIsAdded", Policy::phishing_resistant, {}, {{}, {passkey}}},
    {"TheAppIsProvedBeforeAPasskeyIsAdded", Policy::phishing_resistant, {app}, {{totp, recovery_code}, {}}},
    {"AfterTheAppThePasskeyIsAdded", Policy::phishing_resistant, {app, false, true}, {{}, {passkey}}},
};

class SecondStepTest : public testing::TestWithParam<Case> {};

TEST_P(SecondStepTest, IsWhatPolicyAndStandingSay) {
  const Case& one = GetParam();
  EXPECT_EQ(second_step(one.policy, one.standing), one.step);
}

TEST(SecondStep, EachMethodIsNamedOnce) {
  EXPECT_EQ(with_proof("pwd", "otp mfa"), "pwd otp mfa");
  EXPECT_EQ(with_proof("otp", "otp mfa"), "otp mfa");
  EXPECT_EQ(with_proof("pwd otp mfa", "swk user mfa"), "pwd otp mfa swk user");
}

INSTANTIATE_TEST_SUITE_P(All, SecondStepTest, testing::ValuesIn(cases),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace login
