#include "passwords/password_service.h"

#include <gtest/gtest.h>

#include "tests/support/password_world.h"

namespace passwords {
namespace {

using accounts::UserId, core::Code, core::Seconds, crypto::Secret;

const std::string old_password = "the first of two passwords", new_password = "another one, quite as long";

struct PasswordService : testing::Test, test::PasswordWorld {
  UserId ann = add_account("ann", old_password);
  audit::Origin origin{.ip_address = "192.0.2.8", .request_id = "r"};

  static std::string code_of(const auto& result) {
    return result ? "done" : std::string(core::row(result.error().code).name);
  }
  std::string forgot(const std::string& email) { return code_of(passwords.forgot(email, origin)); }
  std::string reset(const std::string& email, const Secret& otp, const std::string& password = new_password) {
    return code_of(passwords.reset(email, otp, Secret(password), origin));
  }
  std::string change(::sessions::SessionId current, const std::string& from, const std::string& to) {
    return code_of(passwords.change(ann, current, Secret(from), Secret(to), origin));
  }
  Secret wrong(const Secret& right) { return Secret(std::string(right.expose() == "000000" ? "000001" : "000000")); }
  const accounts::User& row() { return users.users.at(ann); }
};

TEST_F(PasswordService, AForgottenPasswordIsResetByTheMailedCode) {
  const auto session = sign_in(ann).session.id, second = sign_in(ann).session.id;
  EXPECT_EQ(forgot("Ann@Example.com"), "done");
  ASSERT_EQ(mail.sent.size(), 1u);
  EXPECT_EQ(mail.sent[0].message.to, "ann@example.com");
  EXPECT_EQ(mail.sent[0].expires_at, clock.now() + codes.rules().life);
  const Secret code = mailed_code();
  forget();
  const auto ended = passwords.reset("ann@example.com", code, Secret(new_password), origin);
  ASSERT_TRUE(ended);
  EXPECT_EQ(*ended, 2);
  EXPECT_TRUE(has_password(ann, new_password));
  EXPECT_EQ(row().auth_epoch, 1);
  EXPECT_EQ(end_of(session) + end_of(second), "password_changedpassword_changed");
  EXPECT_EQ(audit.actions(), "password.reset session.ended session.ended");
  EXPECT_EQ(outbox.announced,
            (std::vector{changes::Change{changes::Kind::user, ann.value}, {changes::Kind::session, ann.value}}));
  ASSERT_EQ(mail.sent.size(), 2u);
  EXPECT_NE(mail.sent[1].message.subject.find("password"), std::string::npos);
  EXPECT_EQ(reset("ann@example.com", code, "a third one, long as well"), "otp_invalid") << "a code opens once";
}

TEST_F(PasswordService, ForgettingAnswersTheSameForEverybody) {
  const UserId off = add_account("off", old_password);
  disable(off);
  for (const char* email : {"ann@example.com", "off@example.com", "nobody@example.com", "ann@example.com"}) {
    forget();
    meanwhile.writes = 0;
    EXPECT_EQ(forgot(email), "done") << email;
    EXPECT_EQ(meanwhile.writes, 1) << email;
    EXPECT_EQ(audit.actions(), "password.reset_requested") << email;
  }
  EXPECT_EQ(mail.sent.size(), 1u) << "one to ann: the second came too soon";
  EXPECT_EQ(forgot("no address"), "validation_failed");
}

TEST_F(PasswordService, ANewCodeComesAfterTheCoolDownAndVoidsTheOlder) {
  forgot("ann@example.com");
  const Secret first = mailed_code();
  clock.advance(Seconds(59));
  forgot("ann@example.com");
  EXPECT_EQ(mail.sent.size(), 1u);
  clock.advance(Seconds(1));
  forgot("ann@example.com");
  ASSERT_EQ(mail.sent.size(), 2u);
  const Secret second = mailed_code();
  if (first.expose() != second.expose()) EXPECT_EQ(reset("ann@example.com", first), "otp_invalid");
  EXPECT_EQ(reset("ann@example.com", second), "done");
}

TEST_F(PasswordService, EveryRefusedResetLooksTheSame) {
  const UserId off = add_account("off", old_password);
  forgot("off@example.com");
  const Secret of_the_disabled = mailed_code();
  disable(off);
  forgot("ann@example.com");
  const Secret code = mailed_code();
  const auto refused = [&](const std::string& email, const Secret& otp) {
    forget();
    const auto answer = passwords.reset(email, otp, Secret(new_password), origin);
    ASSERT_FALSE(answer) << email;
    EXPECT_EQ(answer.error().code, Code::otp_invalid) << email;
    EXPECT_TRUE(answer.error().detail.empty() && answer.error().fields.empty() && answer.error().reason.empty())
        << email;
    if (email.contains('@')) EXPECT_EQ(audit.actions(), "password.reset_refused");
  };
  refused("nobody@example.com", code);
  refused("ann@example.com", wrong(code));
  refused("off@example.com", of_the_disabled);
  refused("no address", code);
  refused("ann@example.com", Secret("12345"));
  clock.advance(codes.rules().life);
  refused("ann@example.com", code);
  EXPECT_TRUE(has_password(ann, old_password));
}

TEST_F(PasswordService, FiveWrongTriesVoidTheCode) {
  forgot("ann@example.com");
  const Secret code = mailed_code();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(reset("ann@example.com", wrong(code)), "otp_invalid");
  EXPECT_EQ(reset("ann@example.com", code), "otp_invalid");
}

TEST_F(PasswordService, ACodeForTheAddressResetsNothing) {
  ASSERT_TRUE(transactor.atomically([&](core::Tx& tx) -> core::Result<> {
    const auto code = TRY(codes.issue(tx, ann, verification::Purpose::verify_email, clock.now()));
    return mail.enqueue(tx, mail::verification_code(mail.letterhead(), "ann@example.com", *code, codes.rules().life),
                        clock.now());
  }));
  EXPECT_EQ(reset("ann@example.com", mailed_code()), "otp_invalid");
}

TEST_F(PasswordService, AWeakPasswordCostsNoTry) {
  forgot("ann@example.com");
  const Secret code = mailed_code();
  for (const std::string weak : {"short", "password", "ann@example.com"})
    EXPECT_EQ(reset("ann@example.com", code, weak), "password_rejected");
  // The name is known only to the store: the try is undone with the rest.
  users.users.at(ann).first_name = "Wilhelmina Charlotte";
  EXPECT_EQ(reset("ann@example.com", code, "wilhelmina charlotte"), "password_rejected");
  EXPECT_EQ(code_rows.codes.at({ann, verification::Purpose::reset_password}).attempts, 0);
  EXPECT_EQ(reset("ann@example.com", code), "done");
}

TEST_F(PasswordService, AResetProvesTheAddress) {
  const UserId bob = add_account("bob", old_password, Verified::no);
  forgot("bob@example.com");
  EXPECT_EQ(reset("bob@example.com", mailed_code()), "done");
  EXPECT_EQ(users.users.at(bob).email_verified_at, clock.now());
}

TEST_F(PasswordService, AResetVoidsTheCodeForTheAddress) {
  const UserId bob = add_account("bob", old_password, Verified::no);
  ASSERT_TRUE(transactor.atomically(
      [&](core::Tx& tx) { return codes.issue(tx, bob, verification::Purpose::verify_email, clock.now()); }));
  forgot("bob@example.com");
  EXPECT_EQ(reset("bob@example.com", mailed_code()), "done");
  EXPECT_FALSE(code_rows.codes.at({bob, verification::Purpose::verify_email}).open(clock.now(), 5));
}

TEST_F(PasswordService, AChangeKeepsTheCurrentSessionAndEndsTheOthers) {
  const auto current = sign_in(ann).session.id, other = sign_in(ann).session.id;
  forgot("ann@example.com");
  const Secret code = mailed_code();
  forget();
  EXPECT_EQ(change(current, old_password, new_password), "done");
  EXPECT_TRUE(has_password(ann, new_password));
  EXPECT_EQ(end_of(current), "");
  EXPECT_EQ(end_of(other), "password_changed");
  EXPECT_EQ(row().auth_epoch, 1);
  EXPECT_EQ(audit.actions(), "password.changed session.ended");
  EXPECT_EQ(reset("ann@example.com", code, "a third one, long as well"), "otp_invalid") << "an older code is void";
}

TEST_F(PasswordService, AChangeNeedsTheCurrentPasswordAndAStrongNewOne) {
  const auto current = sign_in(ann).session.id;
  EXPECT_EQ(change(current, "something else altogether", new_password), "wrong_password");
  EXPECT_EQ(change(current, old_password, "short"), "password_rejected");
  disable(ann);
  EXPECT_EQ(change(current, old_password, new_password), "account_disabled");
  EXPECT_TRUE(has_password(ann, old_password));
}

TEST_F(PasswordService, GuessesOfTheCurrentPasswordCountAsThoseOfASignInDo) {
  const auto current = sign_in(ann).session.id;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(change(current, "something else altogether", new_password), "wrong_password");
  EXPECT_EQ(change(current, old_password, new_password), "too_many_attempts");
  EXPECT_TRUE(has_password(ann, old_password));
  EXPECT_EQ(guess_rows.rows.size(), 1u);
  clock.advance(std::chrono::seconds(30));
  EXPECT_EQ(change(current, old_password, new_password), "done");
  EXPECT_TRUE(guess_rows.rows.empty());
}

// It was compared before the others were counted. Nothing that comes afterwards may tell that it was right.
TEST_F(PasswordService, AGuessThatWasComparedTooLateLearnsNothing) {
  const auto current = sign_in(ann).session.id;
  for (const char* password : {new_password.c_str(), "short", "password"}) {
    guess_rows.rows.clear();
    for (int i = 0; i < 19; ++i) change(current, "something else altogether", new_password);
    meanwhile.before_write = [&] { change(current, "something else altogether", new_password); };
    EXPECT_EQ(change(current, old_password, password), "too_many_attempts") << password;
    EXPECT_EQ(audit.records.back().event.action, "password.refused");
  }
  EXPECT_TRUE(has_password(ann, old_password));
}

TEST_F(PasswordService, AResetByMailEndsTheWaiting) {
  const auto current = sign_in(ann).session.id;
  for (int i = 0; i < 20; ++i) change(current, "something else altogether", new_password);
  forgot("ann@example.com");
  EXPECT_EQ(reset("ann@example.com", mailed_code()), "done");
  EXPECT_TRUE(guess_rows.rows.empty());
}

TEST_F(PasswordService, AChangeThatReadAnOlderPasswordDoesNotComplete) {
  const auto current = sign_in(ann).session.id;
  forgot("ann@example.com");
  meanwhile.before_write = [&, code = mailed_code()] { EXPECT_EQ(reset("ann@example.com", code), "done"); };
  EXPECT_EQ(change(current, old_password, "what a thief would choose"), "conflict");
  EXPECT_TRUE(has_password(ann, new_password));
  EXPECT_EQ(end_of(current), "password_changed");
}

TEST_F(PasswordService, AStoreThatDoesNotAnswerIsNoRefusal) {
  transactor.unavailable = true;
  EXPECT_EQ(forgot("ann@example.com"), "store_unavailable");
  EXPECT_EQ(reset("ann@example.com", Secret("123456")), "store_unavailable");
  EXPECT_EQ(change({}, old_password, new_password), "store_unavailable");
}

}  // namespace
}  // namespace passwords
