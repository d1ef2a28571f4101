#include "mfa/mfa_service.h"

#include <gtest/gtest.h>

#include "mfa/base32.h"
#include "mfa/totp.h"
#include "tests/support/fake_audit.h"
#include "tests/support/fake_factors.h"
#include "tests/support/fake_guesses.h"
#include "tests/support/fake_mail.h"
#include "tests/support/fake_transactor.h"

namespace mfa {
namespace {

using core::Code, core::Result, crypto::Secret;

struct MfaService : testing::Test {
  core::FakeClock clock;
  core::Metrics metrics;
  crypto::SeededRandom random{7};
  test::FakeTransactor transactor;
  test::FakeFactors factors;
  test::FakeGuesses guess_rows;
  test::FakeAudit audit{clock};
  limits::Config limit_config;
  limits::GuessLimit guesses{guess_rows, Secret(std::string(32, 'g')),  limit_config, clock,
                             metrics,    limits::Guessed::second_factor};
  test::FakeMailOutbox mail;
  crypto::Sealer sealer{Secret("the master key of a test, long enough")};
  crypto::HmacKey key{Secret(std::string(32, 'k'))};
  Config config;
  Service service{{factors, guesses, audit, mail, sealer, key, random, clock, config}};
  accounts::User ann{.id = random.id<accounts::UserId>(clock.now()), .email = "ann@example.com"};

  MfaService() {
    transactor.track(factors.state);
    transactor.track(guess_rows.rows);
    transactor.track(audit.records);
    transactor.track(mail.sent);
  }
  template <class F>
  auto in_tx(F work) {
    return transactor.atomically(work);
  }
  static std::string code_of(const auto& result) {
    return result ? "done" : std::string(core::row(result.error().code).name);
  }
  Secret begin() {
    const auto made = in_tx([&](core::Tx& tx) { return service.begin_totp(tx, ann, {}); });
    return Secret(base32_decode(made.value().seed.expose()).value());
  }
  Result<std::vector<Secret>> confirm(const std::string& code) {
    return in_tx([&](core::Tx& tx) { return service.confirm_totp(tx, ann, Secret(code), {}); }).value();
  }
  std::string verify(Method method, std::string_view code) {
    const auto done =
        in_tx([&](core::Tx& tx) { return service.verify(tx, ann, method, Secret(std::string(code)), {}); });
    return done ? code_of(*done) : code_of(done);
  }
  std::string now_of(const Secret& seed, int64_t later = 0) const {
    const auto step = std::chrono::floor<core::Seconds>(clock.now()).time_since_epoch() / otp_step + later;
    return one_time_password(seed, static_cast<uint64_t>(step));
  }
  std::vector<Method> methods() {
    return in_tx([&](core::Tx& tx) { return service.status_of(tx, ann.id); }).value().methods;
  }
};

TEST_F(MfaService, AnAppThatIsNotConfirmedOpensNothing) {
  const Secret seed = begin();
  EXPECT_TRUE(methods().empty());
  EXPECT_EQ(verify(Method::totp, now_of(seed)), "otp_invalid");
  const Secret second = begin();
  EXPECT_EQ(code_of(confirm(now_of(seed))), "otp_invalid") << "a newer one took its place";
  EXPECT_EQ(code_of(confirm(now_of(second))), "done");
  EXPECT_EQ(methods(), (std::vector{Method::totp, Method::recovery_code}));
  EXPECT_EQ(code_of(in_tx([&](core::Tx& tx) { return service.begin_totp(tx, ann, {}); })), "factor_exists");
}

// Whoever began it may have lost the password meanwhile, or the session.
TEST_F(MfaService, AnAppIsConfirmedSoonOrNotAtAll) {
  const Secret seed = begin();
  ++ann.auth_epoch;
  EXPECT_EQ(code_of(confirm(now_of(seed))), "otp_invalid");
  --ann.auth_epoch;
  clock.advance(std::chrono::minutes(15));
  EXPECT_EQ(code_of(confirm(now_of(seed))), "otp_invalid");
  const Secret other = begin();
  clock.advance(std::chrono::minutes(15) - core::Millis(1));
  EXPECT_EQ(code_of(confirm(now_of(other))), "done");
}

TEST_F(MfaService, WhatWasOnlyBegunIsNotRemoved) {
  begin();
  EXPECT_EQ(code_of(in_tx([&](core::Tx& tx) { return service.remove(tx, ann, {}); })), "not_found");
  EXPECT_EQ(code_of(in_tx([&](core::Tx& tx) { return service.renew_recovery_codes(tx, ann, {}); })), "not_found");
}

TEST_F(MfaService, WhatASessionGuessesIsCountedApart) {
  const auto codes = confirm(now_of(begin())).value();
  const auto by_session = [&](const char* code) {
    return in_tx([&](core::Tx& tx) {
      return service.verify(tx, ann, Method::recovery_code, Secret(std::string(code)), {},
                            sessions::SessionId{ann.id.value});
    });
  };
  for (int i = 0; i < 20; ++i) EXPECT_EQ(code_of(by_session("x").value()), "otp_invalid");
  EXPECT_EQ(code_of(by_session("x")), "too_many_attempts");
  EXPECT_EQ(verify(Method::recovery_code, codes[0].expose()), "done") << "its owner's way in stays open";
}

TEST_F(MfaService, GuessesCountThoughLimitsAreLifted) {
  limit_config.enabled = false;
  confirm(now_of(begin()));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(verify(Method::totp, "000000"), "otp_invalid");
  EXPECT_EQ(verify(Method::totp, "000000"), "too_many_attempts");
}

TEST_F(MfaService, WhoeverIsLockedOutIsNotSentToResetThePassword) {
  confirm(now_of(begin()));
  for (int i = 0; i < 100; ++i) {
    verify(Method::totp, "000000");
    clock.advance(std::chrono::hours(1));
  }
  const auto locked =
      in_tx([&](core::Tx& tx) { return service.verify(tx, ann, Method::totp, Secret(std::string("000000")), {}); });
  EXPECT_EQ(code_of(locked), "too_many_attempts");
  EXPECT_EQ(locked.error().detail, "") << "a reset does not help";
}

TEST_F(MfaService, TheOwnerIsToldOfRecoveryCodesThatAreUsedOrRenewed) {
  const auto codes = confirm(now_of(begin())).value();
  verify(Method::recovery_code, codes[0].expose());
  ASSERT_EQ(mail.sent.size(), 1u);
  EXPECT_NE(mail.sent[0].message.text.find("9 are left"), std::string::npos) << mail.sent[0].message.text;
  ASSERT_TRUE(in_tx([&](core::Tx& tx) { return service.renew_recovery_codes(tx, ann, {}); }));
  EXPECT_EQ(mail.sent.back().message.subject, "Your recovery codes were replaced");
}

TEST_F(MfaService, ACodeOpensOnceTheOneThatConfirmedIncluded) {
  const Secret seed = begin();
  ASSERT_TRUE(confirm(now_of(seed)));
  EXPECT_EQ(verify(Method::totp, now_of(seed)), "otp_invalid");
  clock.advance(core::Seconds(30));
  EXPECT_EQ(verify(Method::totp, now_of(seed)), "done");
  EXPECT_EQ(verify(Method::totp, now_of(seed)), "otp_invalid");
}

TEST_F(MfaService, ARecoveryCodeOpensOnce) {
  const auto codes = confirm(now_of(begin())).value();
  ASSERT_EQ(codes.size(), 10u);
  EXPECT_EQ(verify(Method::recovery_code, codes[3].expose()), "done");
  EXPECT_EQ(verify(Method::recovery_code, codes[3].expose()), "otp_invalid");
  EXPECT_EQ(verify(Method::recovery_code, "123456"), "otp_invalid");
  for (size_t i = 0; i < codes.size(); ++i)
    if (i != 3) EXPECT_EQ(verify(Method::recovery_code, codes[i].expose()), "done");
  EXPECT_EQ(methods(), std::vector{Method::totp});
}

TEST_F(MfaService, NewRecoveryCodesVoidTheOldOnes) {
  const auto old = confirm(now_of(begin())).value();
  const auto codes = in_tx([&](core::Tx& tx) { return service.renew_recovery_codes(tx, ann, {}); }).value();
  EXPECT_EQ(verify(Method::recovery_code, old[0].expose()), "otp_invalid");
  EXPECT_EQ(verify(Method::recovery_code, codes[0].expose()), "done");
}

TEST_F(MfaService, WhoGuessesWaitsAndUsesNothingUp) {
  const Secret seed = begin();
  const auto codes = confirm(now_of(seed)).value();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(verify(Method::totp, "000000"), "otp_invalid");
  EXPECT_EQ(verify(Method::recovery_code, codes[0].expose()), "too_many_attempts");
  clock.advance(core::Seconds(30));
  EXPECT_EQ(verify(Method::recovery_code, codes[0].expose()), "done") << "it was not used up by the refused try";
}

TEST_F(MfaService, WhoGuessedAtAnAppConfirmsItLater) {
  const Secret seed = begin();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(code_of(confirm("x")), "otp_invalid");
  const auto late = in_tx([&](core::Tx& tx) { return service.confirm_totp(tx, ann, Secret(now_of(seed)), {}); });
  EXPECT_EQ(code_of(late), "too_many_attempts");
  EXPECT_TRUE(methods().empty());
  clock.advance(core::Seconds(30));
  EXPECT_EQ(confirm(now_of(seed)).value().size(), 10u);
}

TEST_F(MfaService, WhatIsRemovedOpensNothing) {
  const Secret seed = begin();
  const auto codes = confirm(now_of(seed)).value();
  ASSERT_TRUE(in_tx([&](core::Tx& tx) { return service.remove(tx, ann, {}); }));
  EXPECT_TRUE(methods().empty());
  clock.advance(core::Seconds(30));
  EXPECT_EQ(verify(Method::totp, now_of(seed)), "otp_invalid");
  EXPECT_EQ(verify(Method::recovery_code, codes[0].expose()), "otp_invalid");
  EXPECT_EQ(code_of(in_tx([&](core::Tx& tx) { return service.remove(tx, ann, {}); })), "not_found");
  EXPECT_TRUE(audit.actions().starts_with("factor.begun factor.added factor.removed")) << audit.actions();
}

TEST_F(MfaService, TheSeedIsSealedForItsUser) {
  const Secret seed = begin();
  ASSERT_TRUE(confirm(now_of(seed)));
  const auto& sealed = factors.state.totp.at(ann.id).sealed;
  EXPECT_EQ(std::string(sealed.begin(), sealed.end()).find(seed.expose()), std::string::npos);
  const accounts::User bob{.id = random.id<accounts::UserId>(clock.now())};
  factors.state.totp[bob.id] = factors.state.totp.at(ann.id);
  factors.state.totp[bob.id].user = bob.id;
  EXPECT_EQ(
      code_of(in_tx([&](core::Tx& tx) { return service.verify(tx, bob, Method::totp, Secret(now_of(seed)), {}); })),
      "internal")
      << "another's seed";
  factors.state.totp.at(ann.id).sealed.back() ^= 1;
  clock.advance(core::Seconds(30));
  EXPECT_EQ(verify(Method::totp, now_of(seed)), "internal");
}

}  // namespace
}  // namespace mfa
