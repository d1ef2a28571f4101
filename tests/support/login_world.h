// Sign-in over fakes, beside the passwords of password_world.h.
#pragma once
#include "login/login_service.h"
#include "login/registration_service.h"
#include "login/step_up.h"
#include "tests/support/fake_changes.h"
#include "tests/support/fake_factors.h"
#include "tests/support/fake_passkeys.h"
#include "tests/support/fake_risk.h"
#include "tests/support/password_world.h"

namespace test {

struct LoginWorld : PasswordWorld {
  FakeChanges change_rows{clock};
  roles::Config access_config;
  changes::Feed feed{transactor, change_rows, clock, [] { return std::nullopt; }, metrics};
  tokens::VerifiedCache verified{1024, random};
  ::sessions::NearCache near{1000};
  ::sessions::Checker checker{{transactor, session_rows, sessions, access, keys, verified, near, feed, clock, guard,
                               token_config, session_config, access_config, metrics}};
  FakeFactors factor_rows;
  FakeChallenges challenge_rows;
  mfa::Config mfa_config;
  crypto::HmacKey recovery_key{crypto::Secret(std::string(32, 'k'))};
  limits::GuessLimit factor_guesses{guess_rows, crypto::Secret(std::string(32, 'g')), limit_config, clock,
                                    metrics,    limits::Guessed::second_factor};
  mfa::Service factors{{factor_rows, factor_guesses, audit, mail, sealer, recovery_key, random, clock, mfa_config}};
  mfa::Challenges challenges{challenge_rows, random, clock, mfa_config};
  FakePasskeys passkey_rows;
  webauthn::Config passkey_config{.rp_id = "example.org", .origins = {"https://example.org"}};
  webauthn::Passkeys passkeys{{meanwhile, passkey_rows, users, sessions, audit, mail, random, clock, passkey_config}};
  FakeFamiliar familiar_rows;
  FakeNotices notice_rows;
  risk::Config risk_config;
  risk::Places places;
  risk::NotMe not_me{{meanwhile, notice_rows, users, passwords, factors, passkey_rows, audit, mail, random, clock,
                      risk_config, mfa_config}};
  FakeApprovals approval_rows;
  risk::Approvals approvals{{meanwhile, approval_rows, session_rows, audit, mail, random, clock, risk_config}};
  risk::Watch watch{{familiar_rows, session_rows, not_me, audit, mail, places, clock, risk_config}};
  login::CodeMailer code_mailer{codes, mail};
  login::Registration registration{
      {meanwhile, users, access, audit, code_mailer, *hasher, breaches, random, clock, password_config}};
  login::Service login{{meanwhile, users,   access,     audit,        outbox,         codes,     code_mailer, *hasher,
                        guesses,   factors, challenges, passkeys,     watch,          approvals, sessions,    checker,
                        keys,      random,  clock,      token_config, session_config, mfa_config}};

  ::login::StepUp step_up{{meanwhile, users, access, audit, passwords, factors, codes, code_mailer, passkeys, sessions,
                           login, clock, session_config, mfa_config}};

  LoginWorld() {
    transactor.track(factor_rows.state);
    transactor.track(challenge_rows.rows);
    transactor.track(passkey_rows.state);
    transactor.track(familiar_rows.traits);
    transactor.track(familiar_rows.tries);
    transactor.track(notice_rows.rows);
    transactor.track(approval_rows.rows);
  }
  // By a user without a second factor.
  core::Result<login::SignedIn> sign_in(const std::string& email, const std::string& password,
                                        const devices::Device& device = {}, const audit::Origin& origin = {}) {
    return std::get<login::SignedIn>(TRY(login.login(email, crypto::Secret(password), device, origin)));
  }
};

}  // namespace test
