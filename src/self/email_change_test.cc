#include "self/email_change.h"

#include <gtest/gtest.h>

#include "tests/support/fake_self.h"
#include "tests/support/password_world.h"

namespace self {
namespace {

using accounts::UserId, crypto::Secret;

const std::string password = "the password of somebody";

struct EmailChanges : testing::Test, test::PasswordWorld {
  test::FakeEmailChanges rows;
  EmailChange change{{meanwhile, rows, users, codes, passwords, sessions, audit, mail, outbox, clock}};
  UserId ann = add_account("ann", password), bob = add_account("bob", password);
  sessions::SessionId here = sign_in(ann).session.id;
  audit::Origin origin{.ip_address = "192.0.2.8", .request_id = "r"};

  EmailChanges() { transactor.track(rows.rows); }

  static std::string code_of(const auto& result) {
    return result ? "done" : std::string(core::row(result.error().code).name);
  }
  std::string ask(const std::string& email, UserId who) {
    const auto asked = change.ask(who, email, Secret(password), origin);
    if (asked || asked.error().fields.empty()) return code_of(asked);
    return asked.error().fields[0].field + ' ' + asked.error().fields[0].code;
  }
  std::string ask(const std::string& email) { return ask(email, ann); }
  // The code in the newest mail to an address; empty when there is none.
  std::string code_to(const std::string& address) {
    for (auto sent = mail.sent.rbegin(); sent != mail.sent.rend(); ++sent) {
      if (sent->message.to != address || sent->message.text.find("used once") == std::string::npos) continue;
      return sent->message.text.substr(sent->message.text.find("\n    ") + 5, 6);
    }
    return "";
  }
  std::string confirm(const std::string& old_code, const std::string& new_code) {
    return code_of(change.confirm(ann, here, Secret(old_code), Secret(new_code), origin));
  }
  std::string confirm() { return confirm(code_to("ann@example.com"), code_to("new@example.com")); }
  static std::string wrong(std::string code) {
    code[0] = code[0] == '9' ? '0' : static_cast<char>(code[0] + 1);
    return code;
  }
  const accounts::User& row() { return users.users.at(ann); }
  std::vector<std::string> mailed_to() {
    std::vector<std::string> all;
    for (const auto& sent : mail.sent) all.push_back(sent.message.to);
    return all;
  }
};

TEST_F(EmailChanges, TheCodesOfBothMailboxesChangeIt) {
  const auto there = sign_in(ann).session.id;
  EXPECT_EQ(ask(" New@Example.com "), "done");
  EXPECT_EQ(row().email, "ann@example.com") << "nothing yet";
  const std::string old_code = code_to("ann@example.com"), new_code = code_to("New@example.com");
  mail.sent.clear();
  forget();
  EXPECT_EQ(confirm(old_code, new_code), "done");
  EXPECT_EQ(row().email + ' ' + row().email_key, "New@example.com new@example.com");
  EXPECT_EQ(row().email_verified_at, clock.now());
  EXPECT_EQ(row().auth_epoch, 1) << "sign-ins under way know the old address";
  EXPECT_EQ(end_of(here), "");
  EXPECT_EQ(end_of(there), "email_changed");
  EXPECT_EQ(audit.actions(), "user.email_changed session.ended");
  EXPECT_EQ(outbox.announced[0], (changes::Change{changes::Kind::user, ann.value}));
  EXPECT_EQ(mailed_to(), (std::vector<std::string>{"ann@example.com", "New@example.com"}));
  EXPECT_EQ(confirm(old_code, new_code), "otp_invalid") << "once";
}

TEST_F(EmailChanges, OneCodeIsNotEnough) {
  EXPECT_EQ(ask("new@example.com"), "done");
  const std::string old_code = code_to("ann@example.com"), new_code = code_to("new@example.com");
  forget();
  EXPECT_EQ(confirm(old_code, wrong(new_code)), "otp_invalid");
  EXPECT_EQ(confirm(wrong(old_code), new_code), "otp_invalid");
  EXPECT_EQ(confirm(new_code, old_code), old_code == new_code ? "done" : "otp_invalid");
  EXPECT_EQ(audit.actions(), "user.code_refused user.code_refused user.code_refused");
  EXPECT_EQ(row().email, "ann@example.com");
  EXPECT_EQ(confirm(old_code, new_code), "done") << "a slip costs a try, not the code";
}

TEST_F(EmailChanges, TriesEndTogether) {
  EXPECT_EQ(ask("new@example.com"), "done");
  const std::string old_code = code_to("ann@example.com"), new_code = code_to("new@example.com");
  for (int64_t i = 0; i < codes.rules().tries; ++i) EXPECT_EQ(confirm(old_code, wrong(new_code)), "otp_invalid");
  EXPECT_EQ(confirm(old_code, new_code), "otp_invalid");
}

TEST_F(EmailChanges, CodesAreOfOneAddressAndOfTheLastQuestion) {
  EXPECT_EQ(ask("new@example.com"), "done");
  const std::string old_code = code_to("ann@example.com"), new_code = code_to("new@example.com");
  EXPECT_EQ(ask("other@example.com"), "rate_limited");
  clock.advance(codes.rules().cool_down);
  EXPECT_EQ(ask("other@example.com"), "done");
  EXPECT_EQ(confirm(old_code, new_code), "otp_invalid");
  rows.rows.at(ann).email = rows.rows.at(ann).email_key = "third@example.com";
  EXPECT_EQ(confirm(code_to("ann@example.com"), code_to("other@example.com")), "otp_invalid") << "bound to the address";
}

TEST_F(EmailChanges, CodesGrowOld) {
  EXPECT_EQ(ask("new@example.com"), "done");
  clock.advance(codes.rules().life);
  EXPECT_EQ(confirm(), "otp_invalid");
}

TEST_F(EmailChanges, WhatChangedInBetweenVoidsIt) {
  EXPECT_EQ(ask("new@example.com"), "done");
  EXPECT_TRUE(passwords.change(ann, here, Secret(password), Secret(std::string("another one, quite as long")), origin));
  EXPECT_EQ(confirm(), "otp_invalid");
  disable(ann);
  EXPECT_EQ(confirm(), "account_disabled");
  EXPECT_EQ(row().email, "ann@example.com");
}

TEST_F(EmailChanges, WhatChangedWhileThePasswordWasComparedIsAConflict) {
  meanwhile.before_write = [&] { ++users.users.at(ann).auth_epoch; };
  EXPECT_EQ(ask("new@example.com"), "conflict");
  EXPECT_TRUE(mail.sent.empty());
}

TEST_F(EmailChanges, AnAddressThatIsTakenIsAnsweredAlikeAndItsOwnerIsTold) {
  EXPECT_EQ(ask("BOB@example.com"), "done");
  EXPECT_EQ(mailed_to(), (std::vector<std::string>{"ann@example.com", "bob@example.com"}));
  EXPECT_EQ(code_to("bob@example.com"), "");
  EXPECT_EQ(confirm(code_to("ann@example.com"), "000000"), "otp_invalid");
  clock.advance(codes.rules().cool_down - core::Millis(1));
  EXPECT_EQ(ask("ann@example.com", bob), "done");
  clock.advance(core::Millis(1));
  mail.sent.clear();
  disable(bob);
  EXPECT_EQ(ask("bob@example.com"), "done");
  EXPECT_EQ(mailed_to(), std::vector<std::string>{"ann@example.com"}) << "who is disabled is not written to";
}

TEST_F(EmailChanges, UniquenessIsDecidedAtTheEnd) {
  EXPECT_EQ(ask("new@example.com"), "done");
  users.users.at(bob).email_key = "new@example.com";
  forget();
  EXPECT_EQ(confirm(), "email_taken");
  EXPECT_EQ(audit.actions(), "user.email_change_refused");
  EXPECT_EQ(row().email_key + ' ' + std::to_string(row().auth_epoch), "ann@example.com 0");
  users.users.at(bob).email_key = "bob@example.com";
  EXPECT_EQ(confirm(), "otp_invalid") << "it was used up";
}

TEST_F(EmailChanges, OneAddressGetsOneMailAMinuteWhoeverAsks) {
  EXPECT_EQ(ask("new@example.com"), "done");
  EXPECT_EQ(ask("new@example.com", bob), "done");
  EXPECT_EQ(mailed_to(), (std::vector<std::string>{"ann@example.com", "new@example.com", "bob@example.com"}));
  EXPECT_EQ(confirm(), "done");
}

TEST_F(EmailChanges, WhatIsNoOtherAddressIsRefused) {
  EXPECT_EQ(ask("nowhere"), "newEmail invalid_email");
  EXPECT_EQ(ask("ANN@example.com"), "newEmail unchanged");
  EXPECT_EQ(code_of(change.ask(ann, "new@example.com", Secret(std::string("wrong")), origin)), "wrong_password");
  EXPECT_TRUE(mail.sent.empty());
}

TEST_F(EmailChanges, CodesThatWentToTheOldAddressOpenNothingAnyMore) {
  EXPECT_EQ(ask("new@example.com"), "done");
  const std::string old_code = code_to("ann@example.com");
  EXPECT_TRUE(passwords.forgot("ann@example.com", origin));
  const std::string reset_code = code_to("ann@example.com");
  EXPECT_EQ(confirm(old_code, code_to("new@example.com")), "done");
  EXPECT_EQ(code_of(passwords.reset("new@example.com", Secret(reset_code),
                                    Secret(std::string("another one, quite as long")), origin)),
            "otp_invalid");
}

TEST_F(EmailChanges, WhatWasNotConfirmedIsClearedAway) {
  EXPECT_EQ(ask("new@example.com"), "done");
  clock.advance(std::chrono::hours(1));
  const auto prune = [&] { return transactor.atomically([&](core::Tx& tx) { return change.prune(tx, 9); }).value(); };
  EXPECT_EQ(prune(), 0);
  clock.advance(core::Millis(1));
  transactor.collides = false;  // the second time there is nothing left to count
  EXPECT_EQ(prune(), 1);
}

}  // namespace
}  // namespace self
