// Sign-ins that the rules of risk/ have something to say about.
#include <gtest/gtest.h>

#include "login/login_service.h"
#include "tests/support/login_world.h"

namespace login {
namespace {

using accounts::UserId, core::Seconds, crypto::Secret, risk::Action, risk::Signal;

const std::string password = "a password of some length";

struct UnusualSignIn : testing::Test, test::LoginWorld {
  UserId ann = add_account("ann", password);
  audit::Origin origin{.ip_address = "192.0.2.8", .request_id = "r"};
  devices::Device mac{.name = "Chrome on macOS", .platform = "macos"},
      phone{.name = "Safari on iOS", .platform = "ios"};

  UnusualSignIn() { EXPECT_EQ(attempt(mac), "done"); }
  std::string attempt(const devices::Device& device, const std::string& secret = password) {
    forget();
    mail.sent.clear();
    return code_of(login.login("ann@example.com", Secret(secret), device, origin));
  }
  static std::string code_of(const core::Result<SignInOutcome>& result) {
    if (!result) return std::string(core::row(result.error().code).name);
    return std::holds_alternative<SignedIn>(*result) ? "done" : "asked";
  }
  size_t living() {
    return static_cast<size_t>(
        std::ranges::count_if(session_rows.sessions, [](const auto& entry) { return !entry.second.end; }));
  }
  void rule(Signal signal, Action action) { risk_config.rules.of(signal) = action; }
  const audit::Event& last() { return audit.records.back().event; }
};

TEST_F(UnusualSignIn, AFirstDeviceIsNoNews) {
  EXPECT_TRUE(mail.sent.empty());
  EXPECT_EQ(audit.actions(), "session.created");
}

TEST_F(UnusualSignIn, ANewDeviceIsToldOnce) {
  EXPECT_EQ(attempt(phone), "done");
  EXPECT_EQ(audit.actions(), "session.created login.unusual");
  EXPECT_EQ(last().detail, "new_device");
  ASSERT_EQ(mail.sent.size(), 1u);
  EXPECT_EQ(mail.sent[0].message.subject, "A new device signed in");
  EXPECT_EQ(attempt(phone), "done");
  EXPECT_EQ(attempt(mac), "done");
  EXPECT_EQ(audit.actions(), "session.created");
  EXPECT_TRUE(mail.sent.empty());
}

TEST_F(UnusualSignIn, ADeviceThatNamesItselfIsKnownByItsId) {
  devices::Device app = phone;
  app.device_id = "one";
  EXPECT_EQ(attempt(app), "done");
  app.name = "Ann's telephone";
  EXPECT_EQ(attempt(app), "done");
  EXPECT_TRUE(mail.sent.empty());
  app.device_id = "another";
  EXPECT_EQ(attempt(app), "done");
  EXPECT_EQ(mail.sent.size(), 1u);
}

TEST_F(UnusualSignIn, WhatWasNotUsedForLongIsNewAgain) {
  clock.advance(risk_config.familiar_for - Seconds(1));
  EXPECT_EQ(attempt(phone), "done");
  EXPECT_EQ(mail.sent.size(), 1u);
  clock.advance(Seconds(1));
  EXPECT_EQ(attempt(mac), "done");
  EXPECT_EQ(mail.sent.size(), 1u);
}

// A session may be refreshed for a year: then nothing of its user is familiar, and he is no newcomer.
TEST_F(UnusualSignIn, LongAbsenceMakesNobodyANewcomer) {
  clock.advance(risk_config.familiar_for + std::chrono::days(1));
  ASSERT_TRUE(transactor.atomically([&](core::Tx& tx) { return watch.prune(tx, 100); }));
  EXPECT_EQ(attempt(phone), "done");
  EXPECT_EQ(mail.sent.size(), 1u);
}

// Else a stolen password would make itself the second factor that nothing unusual is asked for besides.
TEST_F(UnusualSignIn, WhoMustAddAFactorProvesTheMailboxFirst) {
  mfa_config.policy = mfa::Policy::required;
  rule(Signal::new_device, Action::approve);
  const auto asked = std::get<NeedsFactor>(login.login("ann@example.com", Secret(password), phone, origin).value());
  EXPECT_EQ(asked.step, (SecondStep{{SecondMethod::email_code}, {}}));
  const auto next = std::get<NeedsFactor>(
      login.verify_factor(asked.token, CodeMethod::email_code, mailed_code(), phone, origin).value());
  EXPECT_TRUE(next.step.methods.empty());
  EXPECT_EQ(next.step.enrol.size(), 2u);
}

TEST_F(UnusualSignIn, APasswordThatIsLockedMeanwhileOpensNothing) {
  rule(Signal::new_device, Action::step_up);
  const auto asked = std::get<NeedsFactor>(login.login("ann@example.com", Secret(password), phone, origin).value());
  const Secret code = mailed_code();
  std::string said;
  for (int i = 0; i < 100 && said != "too_many_attempts"; ++i) said = attempt(mac, "wrong");
  ASSERT_EQ(said, "too_many_attempts");
  EXPECT_EQ(code_of(login.verify_factor(asked.token, CodeMethod::email_code, code, phone, origin)), said);
}

TEST_F(UnusualSignIn, ARuleThatIsOffSaysNothing) {
  rule(Signal::new_device, Action::off);
  EXPECT_EQ(attempt(phone), "done");
  EXPECT_TRUE(mail.sent.empty());
  EXPECT_EQ(audit.actions(), "session.created");
}

TEST_F(UnusualSignIn, ARuleMayOnlyRecord) {
  rule(Signal::new_network, Action::record);
  EXPECT_EQ(attempt(mac), "done");
  origin.ip_address = "198.51.100.1";
  EXPECT_EQ(attempt(mac), "done");
  EXPECT_EQ(last().detail, "new_network");
  EXPECT_TRUE(mail.sent.empty());
}

TEST_F(UnusualSignIn, TheRightPasswordAfterManyWrongOnesIsTold) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(attempt(mac, "wrong"), "invalid_credentials");
  EXPECT_EQ(attempt(mac), "done");
  EXPECT_EQ(last().detail, "after_failures");
  ASSERT_EQ(mail.sent.size(), 1u);
  EXPECT_EQ(mail.sent[0].message.subject, "An unusual sign-in");
  EXPECT_EQ(attempt(mac), "done");
  EXPECT_EQ(audit.actions(), "session.created") << "they are forgotten";
}

TEST_F(UnusualSignIn, FewWrongOnesAreNot) {
  for (int i = 0; i < 9; ++i) attempt(mac, "wrong");
  EXPECT_EQ(attempt(mac), "done");
  EXPECT_EQ(audit.actions(), "session.created");
}

TEST_F(UnusualSignIn, ASourceOfManyAccountsIsNoticed) {
  rule(Signal::many_accounts, Action::block);
  for (int i = 0; i < 9; ++i)
    ASSERT_FALSE(login.login("nobody" + std::to_string(i) + "@example.com", Secret(std::string("x")), mac, origin));
  EXPECT_EQ(attempt(mac), "sign_in_refused");
  EXPECT_EQ(last().detail, "sign_in_refused: many_accounts");
  EXPECT_EQ(living(), 1u);
  origin.ip_address = "198.51.100.1";
  EXPECT_EQ(attempt(mac), "done");
  origin.ip_address = "192.0.2.9";
  EXPECT_EQ(attempt(mac), "sign_in_refused") << "the same network";
  clock.advance(std::chrono::hours(1) + Seconds(1));
  EXPECT_EQ(attempt(mac), "done");
}

TEST_F(UnusualSignIn, ASessionThatIsUsedInASecondNetworkIsToldOnce) {
  rule(Signal::second_network, Action::notify);
  auto session = sign_in("ann@example.com", password, mac, origin).value();
  mail.sent.clear();
  const auto refresh_from = [&](const std::string& address) {
    auto fresh = login.refresh(session.refresh_token, "", {.ip_address = address});
    ASSERT_TRUE(fresh);
    session.refresh_token = std::move(fresh->refresh_token);
  };
  refresh_from("192.0.2.99");
  EXPECT_TRUE(mail.sent.empty()) << "the same network";
  for (const char* address : {"198.51.100.1", "192.0.2.8", "198.51.100.2"}) refresh_from(address);
  ASSERT_EQ(mail.sent.size(), 1u);
  EXPECT_NE(mail.sent[0].message.text.find("second_network"), std::string::npos);
  EXPECT_NE(mail.sent[0].message.text.find("198.51.100.1"), std::string::npos);
  EXPECT_EQ(last().detail, "second_network");
}

struct AskedByMail : UnusualSignIn {
  AskedByMail() { rule(Signal::new_device, Action::step_up); }
  NeedsFactor ask() {
    mail.sent.clear();
    auto outcome = login.login("ann@example.com", Secret(password), phone, origin);
    return std::get<NeedsFactor>(std::move(outcome).value());
  }
  std::string prove(const Secret& token, const Secret& code, CodeMethod method = CodeMethod::email_code) {
    return code_of(login.verify_factor(token, method, code, phone, origin));
  }
};

TEST_F(AskedByMail, BeforeThereIsASession) {
  const auto asked = ask();
  EXPECT_EQ(asked.step.methods, std::vector{SecondMethod::email_code});
  EXPECT_EQ(living(), 1u);
  ASSERT_EQ(mail.sent.size(), 1u);
  const Secret code = mailed_code();
  EXPECT_EQ(prove(asked.token, code), "done");
  EXPECT_EQ(living(), 2u);
  EXPECT_EQ(prove(asked.token, code), "mfa_token_invalid");
  EXPECT_EQ(attempt(phone), "done") << "it is familiar now";
}

TEST_F(AskedByMail, AWrongCodeOpensNothing) {
  const auto asked = ask();
  const Secret code = mailed_code();
  const Secret wrong(std::string(code.expose() == "000000" ? "000001" : "000000"));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(prove(asked.token, wrong), "otp_invalid");
  EXPECT_EQ(last().action, "user.code_refused");
  EXPECT_EQ(prove(asked.token, code), "otp_invalid") << "tried too often";
  EXPECT_EQ(living(), 1u);
}

TEST_F(AskedByMail, NothingElseStandsInForIt) {
  const auto asked = ask();
  EXPECT_EQ(prove(asked.token, mailed_code(), CodeMethod::totp), "factor_not_allowed");
  EXPECT_EQ(prove(asked.token, mailed_code()), "done");
}

// As another device than the one that was asked: it was answered factor_not_allowed, and left nothing on record.
TEST_F(AskedByMail, WhatARuleBlocksAtTheSecondStepIsRefusedAndOnRecord) {
  rule(Signal::new_device, Action::block);
  rule(Signal::new_network, Action::step_up);
  EXPECT_EQ(attempt(mac), "asked") << "networks are looked at from now on";
  const auto asked = std::get<NeedsFactor>(login.login("ann@example.com", Secret(password), mac, origin).value());
  const Secret code = mailed_code();
  EXPECT_EQ(prove(asked.token, code), "sign_in_refused");
  EXPECT_EQ(last().action, "login.failed");
  EXPECT_EQ(last().detail, "sign_in_refused: new_device new_network");
  EXPECT_EQ(living(), 1u);
  EXPECT_EQ(code_of(login.verify_factor(asked.token, CodeMethod::email_code, code, mac, origin)), "done");
}

TEST_F(AskedByMail, TheProofIsInTheSession) {
  const auto asked = ask();
  const auto done = login.verify_factor(asked.token, CodeMethod::email_code, mailed_code(), phone, origin);
  EXPECT_EQ(std::get<SignedIn>(done.value()).session.amr, "pwd otp");
}

struct Approval : UnusualSignIn {
  Approval() { rule(Signal::new_device, Action::approve); }
  NeedsFactor ask() {
    mail.sent.clear();
    return std::get<NeedsFactor>(login.login("ann@example.com", Secret(password), phone, origin).value());
  }
  std::string claim(const NeedsFactor& asked) {
    const auto result = login.complete_approved(asked.token, phone, origin);
    return result ? "done" : std::string(core::row(result.error().code).name);
  }
  risk::ApprovalId waiting() { return approvals.list(ann).value().at(0).id; }
  std::string approve(const std::string& number) {
    const auto result = approvals.approve(ann, waiting(), number, origin);
    return result ? "done" : std::string(core::row(result.error().code).name);
  }
};

TEST_F(Approval, NothingExistsBeforeIt) {
  const auto asked = ask();
  EXPECT_EQ(asked.step.methods, std::vector{SecondMethod::approval});
  EXPECT_EQ(asked.number.size(), 2u);
  EXPECT_EQ(living(), 1u);
  ASSERT_EQ(mail.sent.size(), 1u);
  EXPECT_EQ(mail.sent[0].message.text.find(asked.number + "\n"), std::string::npos) << "the number is not mailed";
  EXPECT_EQ(claim(asked), "approval_pending");
  EXPECT_EQ(approve(asked.number), "done");
  EXPECT_EQ(living(), 1u);
  EXPECT_EQ(claim(asked), "done");
  EXPECT_EQ(living(), 2u);
  EXPECT_EQ(claim(asked), "mfa_token_invalid");
  EXPECT_EQ(attempt(phone), "done") << "it is familiar now";
}

TEST_F(Approval, CodesAreNotHeardInItsPlace) {
  const auto asked = ask();
  for (int i = 0; i < 50; ++i)
    for (const auto method : {CodeMethod::totp, CodeMethod::recovery_code, CodeMethod::email_code})
      EXPECT_EQ(code_of(login.verify_factor(asked.token, method, Secret(std::string("123456")), phone, origin)),
                "factor_not_allowed");
  EXPECT_EQ(approve(asked.number), "done");
  EXPECT_EQ(claim(asked), "done") << "no guess was counted";
}

TEST_F(Approval, TheSessionIsListedAsWhatWasApproved) {
  const auto asked = ask();
  EXPECT_EQ(approve(asked.number), "done");
  phone.name = "Something else";
  const auto begun = login.complete_approved(asked.token, phone, origin);
  ASSERT_TRUE(begun);
  EXPECT_EQ(begun->session.device.name, "Safari on iOS");
}

TEST_F(Approval, AWrongNumberDenies) {
  const auto asked = ask();
  EXPECT_EQ(approve(asked.number == "10" ? "11" : "10"), "approval_number_wrong");
  EXPECT_TRUE(approvals.list(ann).value().empty());
  EXPECT_EQ(claim(asked), "approval_denied");
  EXPECT_EQ(last().detail, "approval_denied");
  EXPECT_EQ(claim(asked), "mfa_token_invalid");
  EXPECT_EQ(living(), 1u);
}

TEST_F(Approval, ADenialIsFinal) {
  const auto asked = ask();
  const auto id = waiting();
  EXPECT_TRUE(approvals.deny(ann, id, origin));
  EXPECT_EQ(last().action, "login.denied");
  EXPECT_EQ(approvals.approve(ann, id, asked.number, origin).error().code, core::Code::not_found);
  EXPECT_EQ(claim(asked), "approval_denied");
}

TEST_F(Approval, IsNobodyElsesBusiness) {
  const auto asked = ask();
  const UserId bob = add_account("bob", password);
  EXPECT_TRUE(approvals.list(bob).value().empty());
  EXPECT_EQ(approvals.approve(bob, waiting(), asked.number, origin).error().code, core::Code::not_found);
  EXPECT_EQ(approvals.deny(bob, waiting(), origin).error().code, core::Code::not_found);
  EXPECT_EQ(claim(asked), "approval_pending");
}

TEST_F(Approval, WaitsAsLongAsItsSignIn) {
  const auto asked = ask();
  const auto id = waiting();
  clock.advance(challenges.life());
  EXPECT_TRUE(approvals.list(ann).value().empty());
  EXPECT_EQ(approvals.approve(ann, id, asked.number, origin).error().code, core::Code::not_found);
  EXPECT_EQ(claim(asked), "mfa_token_invalid");
}

TEST_F(Approval, WhatChangedMeanwhileVoidsIt) {
  const auto asked = ask();
  EXPECT_EQ(approve(asked.number), "done");
  ASSERT_TRUE(login.logout_all(ann, std::nullopt, origin));
  EXPECT_EQ(claim(asked), "mfa_token_invalid");
}

TEST_F(Approval, WithoutAnotherSessionACodeIsMailed) {
  ASSERT_TRUE(login.logout_all(ann, std::nullopt, origin));
  EXPECT_EQ(ask().step.methods, std::vector{SecondMethod::email_code});
}

// Whoever has the password could ask until the user gives in.
TEST_F(Approval, NobodyIsAskedInVainForLong) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask().step.methods, std::vector{SecondMethod::approval});
  EXPECT_EQ(ask().step.methods, std::vector{SecondMethod::email_code});
  clock.advance(std::chrono::hours(1) + Seconds(1));
  EXPECT_EQ(ask().step.methods, std::vector{SecondMethod::approval});
}

TEST_F(Approval, OtherSignInsDoNotWaitForOne) {
  rule(Signal::new_device, Action::step_up);
  EXPECT_EQ(claim(ask()), "factor_not_allowed");
}

// A link in a mail is followed by programs, too: only deny() does something.
struct NotMe : UnusualSignIn {
  Secret token;
  NotMe() {
    EXPECT_EQ(attempt(phone), "done");
    const std::string& text = mail.sent.at(0).message.text;
    const size_t begin = text.find("ush_n_");
    token = Secret(text.substr(begin, text.find('\n', begin) - begin));
  }
  bool deny() { return not_me.deny(token, origin).value(); }
};

TEST_F(NotMe, ShowsWhatItIsAbout) {
  for (int i = 0; i < 3; ++i) {
    const auto notice = not_me.find(token).value();
    ASSERT_TRUE(notice);
    EXPECT_EQ(notice->device, "Safari on iOS");
    EXPECT_EQ(notice->ip_address, "192.0.2.8");
  }
  EXPECT_EQ(living(), 2u);
}

TEST_F(NotMe, EndsSessionsVoidsThePasswordAndMailsACode) {
  forget();
  EXPECT_TRUE(deny());
  EXPECT_EQ(living(), 0u);
  EXPECT_EQ(audit.actions(), "login.denied session.ended session.ended");
  const Secret code = mailed_code();
  EXPECT_EQ(attempt(mac), "invalid_credentials");
  EXPECT_TRUE(passwords.reset("ann@example.com", code, Secret(std::string("a newer password, also long")), origin));
  EXPECT_EQ(attempt(mac, "a newer password, also long"), "done");
}

TEST_F(NotMe, WorksOnce) {
  EXPECT_TRUE(deny());
  EXPECT_FALSE(deny());
  EXPECT_FALSE(not_me.find(token).value());
  EXPECT_FALSE(not_me.deny(Secret(std::string("ush_n_nonsense")), origin).value());
}

TEST_F(NotMe, WorksForAWhile) {
  clock.advance(risk_config.not_me_life);
  EXPECT_FALSE(deny());
  EXPECT_EQ(attempt(mac), "done");
}

// The stranger may sign out all devices, change the password and disappear.
TEST_F(NotMe, WorksWhateverTheStrangerDidMeanwhile) {
  ASSERT_TRUE(login.logout_all(ann, std::nullopt, origin));
  ASSERT_TRUE(passwords.change(ann, {}, Secret(password), Secret(std::string("the stranger's own password")), origin));
  EXPECT_TRUE(deny());
  EXPECT_EQ(attempt(phone, "the stranger's own password"), "invalid_credentials");
}

TEST_F(NotMe, RemovesTheWaysBackThatWereMadeSince) {
  const auto add_passkey = [&](uint8_t id, core::Time at) {
    webauthn::Passkey passkey{.id = random.id<webauthn::PasskeyId>(at), .user = ann, .credential_id = {id}};
    passkey.created_at = at;
    ASSERT_TRUE(transactor.atomically([&](core::Tx& tx) { return passkey_rows.create(tx, passkey); }));
  };
  add_passkey(1, clock.now() - 2 * mfa_config.challenge_life - Seconds(31));
  add_passkey(2, clock.now() - mfa_config.challenge_life);  // the sign-in had to add one, and was told of afterwards
  factor_rows.state.totp[ann] = {.user = ann, .created_at = clock.now(), .confirmed_at = clock.now()};
  EXPECT_TRUE(deny());
  const auto left = transactor.atomically([&](core::Tx& tx) { return passkey_rows.list(tx, ann); }).value();
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].credential_id, std::vector<uint8_t>{1});
  EXPECT_TRUE(factor_rows.state.totp.empty());
}

TEST_F(NotMe, LeavesAnAppThatWasThereBefore) {
  factor_rows.state.totp[ann] = {
      .user = ann, .created_at = clock.now(), .confirmed_at = clock.now() - std::chrono::hours(1)};
  EXPECT_TRUE(deny());
  EXPECT_EQ(factor_rows.state.totp.size(), 1u);
}

}  // namespace
}  // namespace login
