#include "login/invited.h"

#include <gtest/gtest.h>

#include "tests/support/fake_invitations.h"
#include "tests/support/login_world.h"

namespace login {
namespace {

using core::Seconds, crypto::Secret;

struct InvitedTest : testing::Test, test::LoginWorld {
  test::FakeInvitations rows;
  invitations::Config config;
  invitations::Service service{{meanwhile, rows, users, access, audit, mail, random, clock, config}};
  Invited invited{{service, users, access, codes, audit, *hasher, breaches, login, random, clock, password_config}};
  accounts::UserId boss = add_user("boss", {"admin"});

  InvitedTest() { transactor.track(rows.rows); }

  template <class T>
  static std::string code_of(const core::Result<T>& result) {
    if (result) return "done";
    if (!result.error().fields.empty()) return result.error().fields[0].field + ' ' + result.error().fields[0].code;
    return std::string(core::row(result.error().code).name);
  }
  std::string send(std::vector<std::string> roles = {"support"}, const std::string& email = "New@Example.com") {
    return code_of(service.send({email, std::move(roles), "Ada", ""}, by(boss)));
  }
  // Of the newest mail.
  std::string token() {
    const std::string& text = mail.sent.back().message.text;
    const size_t at = text.find("ush_i_");
    return at == std::string::npos ? "" : text.substr(at, 49);
  }
  std::string accept(const std::string& with, std::optional<std::string> last = "Lovelace") {
    return code_of(invited.accept({Secret(with), Secret("a password of some length"), {}, std::move(last)}, {}, {}));
  }
  std::string accept() { return accept(token()); }
  const accounts::User* found() {
    for (const auto& [id, user] : users.users)
      if (user.email_key == "new@example.com") return &user;
    return nullptr;
  }
};

TEST_F(InvitedTest, WhoAcceptsHasAVerifiedAccountWithTheRolesAndASession) {
  EXPECT_EQ(send(), "done");
  EXPECT_EQ(mail.sent.back().message.to, "New@example.com");
  EXPECT_EQ(audit.actions(), "invitation.sent");
  forget();
  EXPECT_EQ(accept(), "done");
  ASSERT_TRUE(found());
  EXPECT_EQ(found()->first_name + ' ' + found()->last_name, "Ada Lovelace");
  EXPECT_TRUE(found()->email_verified_at);
  EXPECT_EQ(grants(found()->id).roles, (std::vector<std::string>{"support", "user"}));
  EXPECT_EQ(audit.actions(), "user.registered role.assigned invitation.accepted session.created");
  EXPECT_EQ(audit.records[1].origin.actor, boss.value);
  EXPECT_TRUE(sign_in("new@example.com", "a password of some length"));
}

TEST_F(InvitedTest, ATokenIsGoodOnceAndForAWhile) {
  EXPECT_EQ(send(), "done");
  const auto first = token();
  EXPECT_EQ(accept("ush_i_" + std::string(43, 'A')), "invitation_invalid");
  EXPECT_EQ(send(), "done");
  EXPECT_EQ(accept(first), "invitation_invalid") << "a later one was sent";
  const auto second = token();
  EXPECT_EQ(accept(second, std::nullopt), "lastName required");
  EXPECT_EQ(accept(second), "done");
  EXPECT_EQ(accept(second), "invitation_invalid");
  EXPECT_EQ(send({}, "late@example.com"), "done");
  clock.advance(config.life);
  EXPECT_EQ(accept(), "invitation_invalid");
}

TEST_F(InvitedTest, WhatIsWithdrawnIsVoidAndListedNoMore) {
  EXPECT_EQ(send(), "done");
  const auto waiting = service.list({}).value();
  ASSERT_EQ(waiting.size(), 1u);
  EXPECT_EQ(code_of(service.withdraw(waiting[0].id, by(boss))), "done");
  EXPECT_EQ(code_of(service.withdraw(waiting[0].id, by(boss))), "not_found");
  EXPECT_TRUE(service.list({})->empty());
  EXPECT_EQ(accept(), "invitation_invalid");
}

TEST_F(InvitedTest, NobodyGivesBeyondWhatHeMayDo) {
  EXPECT_EQ(send({"support", "super_admin"}), "grant_exceeds_own");
  EXPECT_EQ(send({"nothing"}), "roles[0] unknown_role");
  EXPECT_EQ(send({}, "no address"), "email invalid_email");
  EXPECT_EQ(send({"support", "user", "support"}), "done");
  EXPECT_EQ(rows.rows.begin()->second.roles, (std::vector<std::string>{"support", "user"})) << "each once";
}

TEST_F(InvitedTest, WhoInvitedMustStillBeAllowedTo) {
  add_role("writers", {"users:read"});
  const auto refused_after = [&](auto change) {
    EXPECT_EQ(send({"writers"}), "done");
    const auto with = token();
    change();
    return accept(with);
  };
  const auto unassign = [&] { EXPECT_TRUE(access.unassign(boss, "admin", {})); };
  EXPECT_EQ(refused_after(unassign), "invitation_invalid");
  EXPECT_TRUE(access.assign(boss, {"admin", {}}, {}));
  const auto raise = [&] { add_role("writers", {"posts:drop"}); };
  EXPECT_EQ(refused_after(raise), "invitation_invalid") << "the role allows more than he may do";
  EXPECT_TRUE(access.assign(boss, {"super_admin", {}}, {}));
  EXPECT_EQ(refused_after([&] { users.users.at(boss).delete_after = clock.now() + Seconds(60); }), "invitation_invalid")
      << "he is leaving";
  users.users.at(boss).delete_after.reset();
  EXPECT_EQ(refused_after([&] { disable(boss); }), "invitation_invalid");
  EXPECT_FALSE(found());
}

TEST_F(InvitedTest, AnAddressWithAnAccountIsTaken) {
  add_account("new", "another password, quite long");
  EXPECT_EQ(send(), "email_taken");
  EXPECT_EQ(send({}, "other@example.com"), "done");
  const auto with = token();
  add_account("other", "another password, quite long");
  EXPECT_EQ(accept(with), "email_taken");
}

TEST_F(InvitedTest, AnAccountThatNobodyProvedToBeHisBecomesTheInvitedOnes) {
  ASSERT_TRUE(
      registration.register_account({"new@example.com", Secret("the password of a stranger"), "Eve", "E", {}}, {}));
  const auto id = found()->id;
  EXPECT_EQ(send(), "done");
  EXPECT_EQ(accept(), "done");
  EXPECT_EQ(found()->id, id);
  EXPECT_EQ(found()->last_name, "Lovelace");
  EXPECT_FALSE(sign_in("new@example.com", "the password of a stranger"));
  EXPECT_TRUE(sign_in("new@example.com", "a password of some length"));
}

TEST_F(InvitedTest, WhoMustHaveASecondFactorAddsItFirst) {
  mfa_config.required_roles = {"support"};
  EXPECT_EQ(send(), "done");
  const auto outcome =
      invited.accept({Secret(token()), Secret("a password of some length"), {}, "Lovelace"}, {}, {}).value();
  EXPECT_TRUE(std::holds_alternative<NeedsFactor>(outcome));
  EXPECT_EQ(audit.actions().find("session.created"), std::string::npos);
}

TEST_F(InvitedTest, TheMailLinksToTheApplicationWhenThereIsAPage) {
  config.link = "https://app.example.org/join";
  EXPECT_EQ(send(), "done");
  EXPECT_NE(mail.sent.back().message.text.find("https://app.example.org/join#token=" + token()), std::string::npos);
}

TEST(InvitationSettings, ALinkIsAnAddressOfThePage) {
  for (const char* good : {"", "https://a.example/join", "http://127.0.0.1:4000/"})
    EXPECT_TRUE(invitations::check({.link = good})) << good;
  for (const char* bad : {"a.example", "javascript:alert(1)", "https://a.example/#join"})
    EXPECT_FALSE(invitations::check({.link = bad})) << bad;
}

}  // namespace
}  // namespace login
