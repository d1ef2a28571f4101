// Sign-in over fakes, beside the passwords of password_world.h.
#pragma once
#include "login/login_service.h"
#include "login/registration_service.h"
#include "tests/support/fake_changes.h"
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
  login::CodeMailer code_mailer{codes, mail};
  login::Registration registration{
      {meanwhile, users, access, audit, code_mailer, *hasher, breaches, random, clock, password_config}};
  login::Service login{{meanwhile, users, access, audit, outbox, codes, code_mailer, *hasher, guesses, sessions,
                        checker, keys, random, clock, token_config, session_config}};
};

}  // namespace test
