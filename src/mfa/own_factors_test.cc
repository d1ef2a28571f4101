#include "mfa/own_factors.h"

#include <gtest/gtest.h>

#include "mfa/base32.h"
#include "mfa/totp.h"
#include "tests/support/fake_factors.h"
#include "tests/support/fake_passkeys.h"
#include "tests/support/password_world.h"

namespace mfa {
namespace {

using accounts::UserId, core::Seconds, crypto::Secret;

const std::string password = "a password of some length", other_password = "some other, and long enough";

struct OwnFactorsTest : testing::Test, test::PasswordWorld {
  test::FakeFactors factor_rows;
  crypto::HmacKey key{Secret(std::string(32, 'k'))};
  Config config;
  limits::GuessLimit factor_guesses{guess_rows, Secret(std::string(32, 'g')),  limit_config, clock,
                                    metrics,    limits::Guessed::second_factor};
  Service factors{{factor_rows, factor_guesses, audit, mail, sealer, key, random, clock, config}};
  test::Meanwhile between{transactor};
  test::FakePasskeys passkeys;
  OwnFactors own{{between, users, access, passwords, factors, sessions, passkeys, audit, mail, clock, config}};
  UserId ann = add_account("ann", password);
  audit::Origin origin{.ip_address = "192.0.2.8", .request_id = "r", .actor = ann.value};
  ::sessions::SessionId here = add_session(), elsewhere = add_session();
  Secret seed;

  OwnFactorsTest() {
    transactor.track(factor_rows.state);
    transactor.track(passkeys.state);
  }

  ::sessions::SessionId add_session() {
    return transactor.atomically([&](core::Tx& tx) { return sessions.create(tx, ann, {}, "pwd", origin); })->session.id;
  }
  static std::string code_of(const auto& result) {
    return result ? "done" : std::string(core::row(result.error().code).name);
  }
  std::string begin(const std::string& with = password) {
    auto begun = own.begin_totp(ann, Secret(with), origin);
    if (begun) seed = Secret(*base32_decode(begun->seed.expose()));
    return code_of(begun);
  }
  std::string code() {
    const auto step = std::chrono::floor<Seconds>(clock.now()).time_since_epoch() / otp_step;
    return one_time_password(seed, static_cast<uint64_t>(step));
  }
  // The recovery codes; the app's next code is a new one.
  std::vector<Secret> enrol() {
    begin();
    auto confirmed = own.confirm_totp(ann, here, Secret(code()), origin);
    clock.advance(Seconds(30));
    mail.sent.clear();
    return std::move(confirmed.value().recovery_codes);
  }
  Proof proof(const std::string& with, const std::string& proved) {
    return {Secret(with), Method::totp, Secret(proved)};
  }
  std::string remove(const Proof& proof) { return code_of(own.remove_totp(ann, here, proof, origin)); }
  bool has_factor() { return !own.status(ann)->methods.empty(); }
  std::string end_of(::sessions::SessionId id) {
    const auto& end = session_rows.sessions.at(id).end;
    return end ? std::string(core::to_text(end->reason)) : "";
  }
};

TEST_F(OwnFactorsTest, AnAppIsAddedByWhoKnowsThePassword) {
  EXPECT_EQ(begin("wrong"), "wrong_password");
  EXPECT_TRUE(factor_rows.state.totp.empty());
  EXPECT_EQ(begin(), "done");
  EXPECT_FALSE(has_factor());
  EXPECT_EQ(code_of(own.confirm_totp(ann, here, Secret(std::string("x")), origin)), "otp_invalid");
  EXPECT_EQ(end_of(elsewhere), "");
  const auto confirmed = own.confirm_totp(ann, here, Secret(code()), origin);
  ASSERT_TRUE(confirmed);
  EXPECT_EQ(confirmed->recovery_codes.size(), 10u);
  EXPECT_EQ(confirmed->revoked, 1);
  EXPECT_EQ(end_of(elsewhere), "factor_changed");
  EXPECT_EQ(end_of(here), "");
  ASSERT_EQ(mail.sent.size(), 1u);
  EXPECT_EQ(mail.sent[0].message.subject, "An authenticator app was added");
  EXPECT_EQ(own.status(ann)->recovery_codes, 10);
  EXPECT_EQ(begin(), "factor_exists");
}

// A session alone, or with the password that was typed into it, must not take the protection away.
TEST_F(OwnFactorsTest, RemovingItNeedsBothThePasswordAndACode) {
  const auto codes = enrol();
  EXPECT_EQ(remove(proof("wrong", code())), "wrong_password");
  EXPECT_EQ(remove(proof(password, "x")), "otp_invalid");
  EXPECT_EQ(code_of(own.renew_recovery_codes(ann, proof(password, "x"), origin)), "otp_invalid");
  EXPECT_TRUE(has_factor());
  EXPECT_TRUE(mail.sent.empty());
  EXPECT_EQ(remove({Secret(password), Method::recovery_code, codes[0]}), "done");
  EXPECT_FALSE(has_factor());
  EXPECT_EQ(mail.sent.back().message.subject, "Your authenticator app was removed");
  EXPECT_EQ(remove(proof(password, code())), "not_found");
}

TEST_F(OwnFactorsTest, NewRecoveryCodesTakeThePlaceOfTheOldOnes) {
  const auto old = enrol();
  const auto codes = own.renew_recovery_codes(ann, proof(password, code()), origin);
  ASSERT_TRUE(codes);
  EXPECT_EQ(remove({Secret(password), Method::recovery_code, old[0]}), "otp_invalid");
  EXPECT_EQ(remove({Secret(password), Method::recovery_code, (*codes)[9]}), "done");
}

TEST_F(OwnFactorsTest, APasswordThatWasChangedMeanwhileProvesNothing) {
  const auto change = [&](const std::string& from, const std::string& to) {
    between.before_write = [this, from, to] {
      ASSERT_TRUE(passwords.change(ann, here, Secret(from), Secret(to), origin));
    };
  };
  change(password, other_password);
  EXPECT_EQ(begin(password), "conflict");
  change(other_password, password);
  EXPECT_EQ(begin(other_password), "conflict");
  enrol();
  change(password, other_password);
  EXPECT_EQ(remove(proof(password, code())), "conflict");
  change(other_password, password);
  EXPECT_EQ(code_of(own.renew_recovery_codes(ann, proof(other_password, code()), origin)), "conflict");
  EXPECT_TRUE(has_factor());
}

// A thief who began one while he knew the password.
TEST_F(OwnFactorsTest, WhatWasBegunDoesNotOutliveAChangeOfPassword) {
  begin();
  ASSERT_TRUE(passwords.change(ann, here, Secret(password), Secret(other_password), origin));
  EXPECT_EQ(code_of(own.confirm_totp(ann, here, Secret(code()), origin)), "otp_invalid");
  EXPECT_FALSE(has_factor());
}

TEST_F(OwnFactorsTest, WhoIsHelpedBeginsWithoutGuesses) {
  enrol();
  for (int i = 0; i < 21; ++i) remove(proof(password, "000000"));
  ASSERT_TRUE(own.remove_of(ann, {}));
  begin();
  EXPECT_EQ(code_of(own.confirm_totp(ann, add_session(), Secret(code()), origin)), "done");
}

// A transaction that collides is done again, and nothing is used up by the first time.
TEST_F(OwnFactorsTest, WhatIsRepeatedAnswersTheSame) {
  transactor.collides = true;
  const auto codes = enrol();
  EXPECT_EQ(codes.size(), 10u);
  EXPECT_EQ(end_of(elsewhere), "factor_changed");
  EXPECT_EQ(remove(proof(password, code())), "done");
}

TEST_F(OwnFactorsTest, AnAdministratorRemovesWhatWasLost) {
  EXPECT_EQ(code_of(own.remove_of(ann, {})), "not_found");
  enrol();
  EXPECT_EQ(code_of(own.remove_of(ann, origin)), "not_found") << "her own needs password and code";
  const auto ended = own.remove_of(ann, {});
  ASSERT_TRUE(ended);
  EXPECT_EQ(*ended, 1);
  EXPECT_EQ(end_of(here), "factor_changed");
  EXPECT_FALSE(has_factor());
  EXPECT_EQ(mail.sent.size(), 1u);
}

TEST_F(OwnFactorsTest, AnAdministratorRemovesPasskeysToo) {
  passkeys.state.rows = {{.user = ann, .credential_id = {1}, .name = "phone"},
                         {.user = ann, .credential_id = {2}, .name = "key"}};
  const auto ended = own.remove_of(ann, {});
  ASSERT_TRUE(ended);
  EXPECT_EQ(*ended, 2);
  EXPECT_TRUE(passkeys.state.rows.empty());
  EXPECT_EQ(mail.sent.size(), 2u);
  EXPECT_NE(audit.actions().find("passkey.removed passkey.removed session.ended"), std::string::npos)
      << audit.actions();
  EXPECT_EQ(code_of(own.remove_of(ann, {})), "not_found");
}

}  // namespace
}  // namespace mfa
