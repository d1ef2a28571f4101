#include "login/step_up.h"

#include <gtest/gtest.h>

#include "mfa/base32.h"
#include "mfa/totp.h"
#include "tests/support/login_world.h"
#include "webauthn/software_authenticator_for_test.h"

namespace login {
namespace {

using accounts::UserId, core::Code, core::Seconds, crypto::Secret;

const std::string password = "a password of some length";

struct StepUpTest : testing::Test, test::LoginWorld {
  UserId ann = add_account("ann", password);
  audit::Origin origin{.ip_address = "192.0.2.8", .request_id = "r"};
  SignedIn signed_in = sign_in("ann@example.com", password).value();
  ::sessions::SessionId here = signed_in.session.id;
  Secret seed;

  static std::string code_of(const auto& result) {
    return result ? "done" : std::string(core::row(result.error().code).name);
  }
  std::string prove(ProofMethod method, std::string_view proof) {
    return code_of(step_up.prove(ann, here, method, Secret(std::string(proof)), origin));
  }
  std::string amr() { return session_rows.sessions.at(here).amr; }
  void add_app() {
    const auto user = users.users.at(ann);
    const auto begun = transactor.atomically([&](core::Tx& tx) { return factors.begin_totp(tx, user, origin); });
    seed = Secret(*mfa::base32_decode(begun->seed.expose()));
    ASSERT_TRUE(
        transactor.atomically([&](core::Tx& tx) { return factors.confirm_totp(tx, user, Secret(code()), origin); })
            .value());
    clock.advance(Seconds(30));
  }
  std::string code() {
    const auto step = std::chrono::floor<Seconds>(clock.now()).time_since_epoch() / mfa::otp_step;
    return mfa::one_time_password(seed, static_cast<uint64_t>(step));
  }
};

TEST_F(StepUpTest, AProofIsOfTheSessionAndItsTokens) {
  clock.advance(std::chrono::hours(1));
  forget();
  const auto proved = step_up.prove(ann, here, ProofMethod::password, Secret(password), origin);
  ASSERT_TRUE(proved);
  EXPECT_EQ(proved->session.id, here);
  EXPECT_EQ(session_rows.sessions.at(here).authenticated_at, clock.now());
  EXPECT_EQ(amr(), "pwd");
  EXPECT_EQ(audit.actions(), "session.authenticated");
  EXPECT_EQ(outbox.announced, (std::vector{changes::Change{changes::Kind::session, ann.value}}));
  const auto claims =
      tokens::verify_access_token(proved->access_token.expose(), *keys.current(), token_config, clock.now());
  EXPECT_EQ(claims->authenticated_at, std::chrono::floor<Seconds>(clock.now()));
  EXPECT_TRUE(login.refresh(signed_in.refresh_token, "", origin)) << "a lost answer signs nobody out";
  EXPECT_TRUE(login.refresh(proved->refresh_token, "", origin));
}

TEST_F(StepUpTest, AWrongProofProvesNothing) {
  clock.advance(std::chrono::hours(1));
  const auto before = session_rows.sessions.at(here).authenticated_at;
  EXPECT_EQ(prove(ProofMethod::password, "wrong"), "wrong_password");
  EXPECT_EQ(prove(ProofMethod::email_code, "123456"), "otp_invalid");
  EXPECT_EQ(prove(ProofMethod::totp, "123456"), "validation_failed");
  EXPECT_EQ(session_rows.sessions.at(here).authenticated_at, before);
}

TEST_F(StepUpTest, GuessesOfThePasswordAreCountedWithThoseOfSignIns) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(prove(ProofMethod::password, "wrong"), "wrong_password");
  EXPECT_EQ(prove(ProofMethod::password, password), "too_many_attempts");
  EXPECT_EQ(code_of(login.login("ann@example.com", Secret(password), {}, origin)), "too_many_attempts");
}

// NIST SP 800-63B: a mailbox is no second factor, and the session does not say that it is one.
TEST_F(StepUpTest, ACodeByMailIsAProofButNoSecondFactor) {
  ASSERT_TRUE(step_up.send_code(ann, here));
  const std::string mailed(mailed_code().expose());
  EXPECT_EQ(prove(ProofMethod::email_code, mailed), "done");
  EXPECT_EQ(amr(), "pwd otp");
  EXPECT_EQ(::sessions::assurance_level(amr()), 1);
  EXPECT_EQ(prove(ProofMethod::email_code, mailed), "otp_invalid") << "once";
}

TEST_F(StepUpTest, WhoHasASecondFactorProvesThat) {
  add_app();
  EXPECT_EQ(prove(ProofMethod::password, password), "validation_failed");
  EXPECT_EQ(prove(ProofMethod::email_code, "123456"), "validation_failed");
  EXPECT_EQ(code_of(step_up.send_code(ann, here)), "validation_failed");
  EXPECT_EQ(prove(ProofMethod::totp, "000000"), "otp_invalid");
  for (int i = 0; i < 20; ++i) prove(ProofMethod::totp, "000000");
  EXPECT_EQ(prove(ProofMethod::totp, code()), "too_many_attempts");
  clock.advance(Seconds(60));
  EXPECT_EQ(prove(ProofMethod::totp, code()), "done");
  EXPECT_EQ(amr(), "pwd otp mfa");
  EXPECT_EQ(::sessions::assurance_level(amr()), 2);
  const auto asked = step_up.ensure_recent(ann, clock.now() - std::chrono::hours(1));
  EXPECT_EQ(asked.error().reason, "totp recovery_code");
}

TEST_F(StepUpTest, APasswordThatWasChangedMeanwhileProvesNothing) {
  int writes = 0;
  meanwhile.before_write = [&] {  // the first is the judgement of the password
    meanwhile.before_write = [&] {
      ++writes;
      ASSERT_TRUE(
          passwords.change(ann, here, Secret(password), Secret(std::string("some other, and long enough")), origin));
    };
  };
  EXPECT_EQ(prove(ProofMethod::password, password), "conflict");
  EXPECT_EQ(writes, 1);
}

TEST_F(StepUpTest, WhoseSessionEndsMeanwhileKeepsHisCode) {
  add_app();
  const auto codes = transactor.atomically(
      [&](core::Tx& tx) { return factors.renew_recovery_codes(tx, users.users.at(ann), origin); });
  const std::string one((*codes)[0].expose());
  meanwhile.before_write = [&] { ASSERT_TRUE(login.logout(ann, here, origin)); };
  EXPECT_EQ(prove(ProofMethod::recovery_code, one), "conflict");
  const auto kept = transactor.atomically([&](core::Tx& tx) {
    return factors.verify(tx, users.users.at(ann), mfa::Method::recovery_code, Secret(one), origin);
  });
  EXPECT_TRUE(kept.value());
}

TEST_F(StepUpTest, AProofByAClockThatWasWrongIsNone) {
  EXPECT_TRUE(step_up.ensure_recent(ann, clock.now() + Seconds(29)));
  EXPECT_EQ(code_of(step_up.ensure_recent(ann, clock.now() + std::chrono::days(365))), "step_up_required");
}

TEST_F(StepUpTest, WhatChangedMeanwhileVoidsTheProof) {
  meanwhile.before_write = [&] { ASSERT_TRUE(login.logout(ann, here, origin)); };
  EXPECT_EQ(prove(ProofMethod::password, password), "conflict");
  EXPECT_EQ(prove(ProofMethod::password, password), "conflict") << "it has ended";
  EXPECT_EQ(code_of(step_up.prove(add_account("bob", password), here, ProofMethod::password, Secret(password), origin)),
            "conflict")
      << "another's";
}

struct PasskeyStepUp : StepUpTest {
  webauthn::test::SoftwareAuthenticator authenticator;

  PasskeyStepUp() {
    passkey_rows.state.rows.push_back({.id = random.id<webauthn::PasskeyId>(clock.now()),
                                       .user = ann,
                                       .credential_id = authenticator.id,
                                       .public_key = authenticator.cose(),
                                       .rp_id = "example.org",
                                       .backup_eligible = true});
    authenticator.type = "webauthn.get";
    authenticator.flags = 0x1D;
  }
  webauthn::Assertion answer() {
    authenticator.challenge = passkeys.begin(webauthn::Purpose::step_up, ann, here)->challenge;
    const auto data = authenticator.authenticator_data(), client = authenticator.client_data();
    return {authenticator.id, client, data, authenticator.sign(data, client), {}};
  }
  std::string prove_by(const webauthn::Assertion& answer) {
    return code_of(step_up.prove_by_passkey(ann, here, answer, origin));
  }
};

TEST_F(PasskeyStepUp, IsTwoFactorsAndOffered) {
  EXPECT_EQ(prove_by(answer()), "done");
  EXPECT_EQ(amr(), "pwd swk user mfa");
  const auto asked = step_up.ensure_recent(ann, clock.now() - std::chrono::hours(1));
  EXPECT_EQ(asked.error().reason, "password email_code passkey");
}

TEST_F(PasskeyStepUp, IsTwoFactorsAlsoWithoutAPassword) {
  session_rows.sessions.at(here).amr = "otp";
  EXPECT_EQ(prove_by(answer()), "done");
  EXPECT_EQ(::sessions::assurance_level(amr()), 2);
}

TEST_F(PasskeyStepUp, AnAnswerIsJudgedOnceAndInTime) {
  auto used = answer();
  used.signature.back() ^= 1;
  EXPECT_EQ(prove_by(used), "passkey_invalid");
  used.signature.back() ^= 1;
  EXPECT_EQ(prove_by(used), "passkey_invalid");
  const auto late = answer();
  clock.advance(passkey_config.challenge_life);
  EXPECT_EQ(prove_by(late), "passkey_invalid");
}

TEST_F(PasskeyStepUp, ASessionThatEndedMeanwhileIsAConflict) {
  const auto made = answer();
  transactor.atomically(
      [&](core::Tx& tx) { return sessions.end(tx, ann, here, ::sessions::EndReason::logout, origin); });
  EXPECT_EQ(prove_by(made), "conflict");
}

}  // namespace
}  // namespace login
