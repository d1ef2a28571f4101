#include "login/registration_service.h"

#include <gtest/gtest.h>

#include "tests/support/login_world.h"

namespace login {
namespace {

using accounts::UserId, core::Code, core::Seconds, crypto::Secret;

const std::string password = "a password of some length", other_password = "some other, and long enough";

struct RegistrationService : testing::Test, test::LoginWorld {
  audit::Origin origin{.ip_address = "192.0.2.8", .request_id = "r"};

  core::Result<std::string> enrol(const std::string& email, const std::string& secret = password,
                                  const std::string& first = "Bob", const std::string& last = "Builder") {
    return registration.register_account({email, Secret(secret), first, last, accounts::AccountType::individual},
                                         origin);
  }
  const accounts::User* find(const std::string& email_key) {
    for (const auto& [id, user] : users.users)
      if (user.email_key == email_key) return &user;
    return nullptr;
  }
  bool verify(const Secret& otp, const std::string& email = "bob@example.com") {
    return login.verify_email(email, otp, {}, origin).has_value();
  }
  bool signs_in(const std::string& secret) {
    return login.login("bob@example.com", Secret(secret), {}, origin).has_value();
  }
};

TEST_F(RegistrationService, ANewAccountIsUnverifiedHasTheDefaultRoleAndGetsACode) {
  const auto stored = enrol("Bob@Example.COM");
  ASSERT_TRUE(stored);
  const auto* user = find("bob@example.com");
  ASSERT_TRUE(user);
  EXPECT_EQ(*stored, user->email);
  EXPECT_EQ(user->first_name, "Bob");
  EXPECT_FALSE(user->email_verified_at);
  EXPECT_TRUE(has_password(user->id, password));
  EXPECT_EQ(grants(user->id).roles, std::vector<std::string>{"user"});
  ASSERT_EQ(mail.sent.size(), 1u);
  EXPECT_EQ(mail.sent[0].message.to, user->email);
  EXPECT_EQ(audit.records.back().event.subject, user->id.value);
  EXPECT_NE(audit.actions().find("user.registered"), std::string::npos);
  EXPECT_FALSE(signs_in(password));
  EXPECT_TRUE(verify(mailed_code()));
  EXPECT_TRUE(signs_in(password));
}

TEST_F(RegistrationService, WhatCannotBeAnAccountIsRefused) {
  EXPECT_EQ(enrol("no address").error().fields.at(0).field, "email");
  EXPECT_EQ(enrol("bob@example.com", "short").error().code, Code::password_rejected);
  EXPECT_EQ(enrol("bob@example.com", "bob@example.com").error().code, Code::password_rejected);
  EXPECT_EQ(enrol("bob@example.com", "wilhelmina charlotte", "Wilhelmina", "Charlotte").error().code,
            Code::password_rejected);
  EXPECT_TRUE(users.users.empty());
  EXPECT_TRUE(mail.sent.empty());
}

// New, verified, unverified, asked a second ago, disabled: one answer, one commit, at most one mail.
TEST_F(RegistrationService, NobodyLearnsWhichAddressesExist) {
  add_account("verified", other_password);
  add_account("unverified", other_password, Verified::no);
  disable(add_account("off", other_password));
  for (const char* name : {"new", "verified", "unverified", "unverified", "verified", "off", "new"}) {
    const std::string email = std::string(name) + "@example.com";
    forget();
    meanwhile.writes = 0;
    const auto answer = enrol(email);
    ASSERT_TRUE(answer) << name;
    EXPECT_EQ(*answer, email);
    EXPECT_EQ(meanwhile.writes, 1) << name;
    EXPECT_FALSE(audit.records.empty()) << name;
  }
  EXPECT_EQ(mail.sent.size(), 3u);
  for (const char* name : {"verified", "off"}) {
    const auto* user = find(std::string(name) + "@example.com");
    EXPECT_TRUE(has_password(user->id, other_password)) << name;
    EXPECT_EQ(user->first_name, name);
  }
}

TEST_F(RegistrationService, TheOwnerOfAVerifiedAddressIsToldAtMostOnceAMinute) {
  add_account("bob", other_password);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(enrol("bob@example.com"));
  ASSERT_EQ(mail.sent.size(), 1u);
  const std::string& text = mail.sent[0].message.text;
  EXPECT_EQ(text.find("Bob"), std::string::npos) << "what a stranger typed is not mailed";
  for (size_t at = 0; at + 6 <= text.size(); ++at)
    EXPECT_FALSE(verification::well_formed(text.substr(at, 6))) << "no code is in it";
  clock.advance(Seconds(60));
  ASSERT_TRUE(enrol("bob@example.com"));
  EXPECT_EQ(mail.sent.size(), 2u);
}

TEST_F(RegistrationService, AnUnverifiedAccountIsReplacedOnlyTogetherWithItsCode) {
  ASSERT_TRUE(enrol("bob@example.com", password, "First", "One"));
  const Secret first_code = mailed_code();
  // Within the cool-down no new code is mailed, so nothing is replaced: the code that is on its way opens what it was
  // sent for.
  ASSERT_TRUE(enrol("bob@example.com", other_password, "Second", "One"));
  EXPECT_EQ(mail.sent.size(), 1u);
  EXPECT_EQ(find("bob@example.com")->first_name, "First");
  EXPECT_TRUE(has_password(find("bob@example.com")->id, password));

  clock.advance(Seconds(60));
  ASSERT_TRUE(enrol("bob@example.com", other_password, "Second", "One"));
  EXPECT_EQ(mail.sent.size(), 2u);
  const auto* user = find("bob@example.com");
  EXPECT_EQ(user->first_name, "Second");
  EXPECT_TRUE(has_password(user->id, other_password));
  EXPECT_EQ(user->auth_epoch, 1);
  const Secret second_code = mailed_code();
  if (first_code.expose() != second_code.expose()) EXPECT_FALSE(verify(first_code));
  EXPECT_TRUE(verify(second_code));
  EXPECT_FALSE(signs_in(password));
  EXPECT_TRUE(signs_in(other_password));
  EXPECT_EQ(users.users.size(), 1u);
}

// A sign-in that compared the first password while the account was being replaced.
TEST_F(RegistrationService, ASignInWithTheReplacedPasswordDoesNotComplete) {
  ASSERT_TRUE(enrol("bob@example.com"));
  clock.advance(Seconds(60));
  meanwhile.before_write = [&] {
    ASSERT_TRUE(enrol("bob@example.com", other_password));
    ASSERT_TRUE(verify(mailed_code()));
  };
  EXPECT_FALSE(signs_in(password));
}

TEST_F(RegistrationService, OfTwoWhoRegisterAtOnceOneIsStoredAndBothGetTheAnswer) {
  meanwhile.before_write = [&] { ASSERT_TRUE(enrol("bob@example.com", password, "First", "One")); };
  EXPECT_EQ(enrol("bob@example.com", other_password, "Second", "One").value(), "bob@example.com");
  EXPECT_EQ(users.users.size(), 1u);
  EXPECT_EQ(find("bob@example.com")->first_name, "First");
  EXPECT_EQ(mail.sent.size(), 1u);
}

TEST_F(RegistrationService, ADeletedAccountsAddressIsFree) {
  const UserId gone = add_account("bob", other_password);
  users.users.at(gone) = accounts::without_personal_fields(users.users.at(gone), clock.now());
  ASSERT_TRUE(enrol("bob@example.com"));
  EXPECT_NE(find("bob@example.com")->id, gone);
}

TEST_F(RegistrationService, ACodeIsSentAgainToWhomItMayHelp) {
  add_account("verified", password);
  disable(add_account("off", password, Verified::no));
  ASSERT_TRUE(enrol("bob@example.com"));
  const Secret first = mailed_code();
  for (const char* name : {"bob", "verified", "off", "nobody"}) {
    forget();
    meanwhile.writes = 0;
    EXPECT_TRUE(registration.resend(std::string(name) + "@example.com", origin)) << name;
    EXPECT_EQ(meanwhile.writes, 1) << name;
    EXPECT_EQ(audit.actions(), "user.code_requested") << name;
  }
  EXPECT_EQ(mail.sent.size(), 1u) << "too soon for bob, nothing for the others";
  clock.advance(Seconds(60));
  EXPECT_TRUE(registration.resend("BOB@example.com", origin));
  ASSERT_EQ(mail.sent.size(), 2u);
  EXPECT_EQ(registration.resend("no address", origin).error().code, Code::validation_failed);
  EXPECT_TRUE(verify(mailed_code()));
}

TEST_F(RegistrationService, AStoreThatDoesNotAnswerIsNoRefusal) {
  transactor.unavailable = true;
  EXPECT_EQ(enrol("bob@example.com").error().code, Code::store_unavailable);
  EXPECT_EQ(registration.resend("bob@example.com", origin).error().code, Code::store_unavailable);
}

}  // namespace
}  // namespace login
