#include "login/login_service.h"

#include <gtest/gtest.h>

#include <future>

#include "mfa/base32.h"
#include "mfa/totp.h"
#include "tests/support/login_world.h"

namespace login {
namespace {

using accounts::UserId, core::Code, core::Seconds, crypto::Secret;
using std::chrono::days;

const std::string password = "a password of some length", other_password = "some other, and long enough";

struct LoginService : testing::Test, test::LoginWorld {
  UserId ann = add_account("ann", password);
  audit::Origin origin{.ip_address = "192.0.2.8", .request_id = "r"};
  devices::Device device{.name = "Chrome on macOS", .platform = "macos"};

  core::Result<SignedIn> sign_in_as(const std::string& email, const std::string& secret) {
    return sign_in(email, secret, device, origin);
  }
  static std::string code_of(const auto& result) {
    if (result) return "done";
    const auto& error = result.error();
    return std::string(core::row(error.code).name) + (error.reason.empty() ? "" : ' ' + error.reason);
  }
  std::string attempt(const std::string& email, const std::string& secret) {
    return code_of(sign_in_as(email, secret));
  }
  std::string verify(const std::string& email, const Secret& otp) {
    return code_of(login.verify_email(email, otp, device, origin));
  }
  size_t living() {
    return static_cast<size_t>(
        std::ranges::count_if(session_rows.sessions, [](const auto& entry) { return !entry.second.end; }));
  }
  Secret wrong(const Secret& right) { return Secret(std::string(right.expose() == "000000" ? "000001" : "000000")); }
};

TEST_F(LoginService, TheRightPasswordSignsIn) {
  forget();
  const auto signed_in = sign_in_as("ANN@example.com", password);
  ASSERT_TRUE(signed_in);
  EXPECT_EQ(signed_in->user.id, ann);
  EXPECT_EQ(signed_in->session.amr, "pwd");
  EXPECT_EQ(signed_in->session.device, device);
  EXPECT_EQ(signed_in->grants.roles, std::vector<std::string>{"user"});
  const auto claims =
      tokens::verify_access_token(signed_in->access_token.expose(), *keys.current(), token_config, clock.now());
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->user, ann.value);
  EXPECT_EQ(claims->session, signed_in->session.id.value);
  EXPECT_EQ(claims->expires_at, std::chrono::floor<Seconds>(clock.now() + token_config.access_ttl));
  EXPECT_TRUE(login.refresh(signed_in->refresh_token, "", origin));
  EXPECT_EQ(audit.actions(), "session.created");
}

TEST_F(LoginService, AfterManyWrongPasswordsTheRightOneHasToWaitToo) {
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(attempt(i % 2 ? "ANN@Example.com" : "ann@example.com", "wrong"), "invalid_credentials");
  const int before = meanwhile.writes;
  EXPECT_EQ(attempt("ann@example.com", password), "too_many_attempts");
  EXPECT_EQ(meanwhile.writes, before) << "refused before it costs anything";
  clock.advance(Seconds(30));
  EXPECT_EQ(attempt("ann@example.com", password), "done");
  EXPECT_TRUE(guess_rows.rows.empty());
}

// Else the waiting would tell which addresses have an account.
TEST_F(LoginService, AStrangersAddressIsCountedLikeAUsers) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(attempt("nobody@example.com", "wrong"), "invalid_credentials");
  EXPECT_EQ(attempt("nobody@example.com", "wrong"), "too_many_attempts");
  for (int i = 0; i < 20; ++i) EXPECT_EQ(attempt("no address", "wrong"), "invalid_credentials");
}

// All of them were compared before any was counted.
TEST_F(LoginService, OfGuessesAtOnceThoseThatComeTooLateLearnNothing) {
  for (int i = 0; i < 19; ++i) attempt("ann@example.com", "wrong");
  meanwhile.before_write = [&] { attempt("ann@example.com", "wrong"); };
  EXPECT_EQ(attempt("ann@example.com", password), "too_many_attempts");
  EXPECT_EQ(living(), 0u);
  EXPECT_EQ(audit.records.back().event.detail, "too_many_attempts");
}

// Else the waiting, which is counted by that clock, would not hold.
TEST_F(LoginService, NoPasswordIsComparedByAClockThatMayBeWrong) {
  clock.jump(days(1));
  EXPECT_EQ(attempt("ann@example.com", password), "clock_skew");
  EXPECT_EQ(attempt("ann@example.com", "wrong"), "clock_skew");
}

// Somebody may have guessed at the address before it had an account.
TEST_F(LoginService, WhoProvesHisAddressBeginsWithoutGuesses) {
  const UserId eve = add_account("eve", password, Verified::no);
  for (int i = 0; i < 20; ++i) attempt("eve@example.com", "wrong");
  const auto code = transactor.atomically(
      [&](core::Tx& tx) { return codes.issue(tx, eve, verification::Purpose::verify_email, clock.now()); });
  EXPECT_EQ(verify("eve@example.com", **code), "done");
  EXPECT_EQ(attempt("eve@example.com", password), "done");
}

TEST_F(LoginService, ASignInBeyondTheLimitIsRefusedOnRecord) {
  session_config.limit = 1;
  session_config.at_limit = sessions::AtLimit::refuse;
  EXPECT_EQ(attempt("ann@example.com", password), "done");
  EXPECT_EQ(attempt("ann@example.com", password), "session_limit");
  EXPECT_EQ(audit.records.back().event.detail, "session_limit");
  EXPECT_EQ(living(), 1u);
}

TEST_F(LoginService, ADisabledAccountIsNamedOnlyToARightGuessThatIsHeard) {
  disable(ann);
  for (int i = 0; i < 20; ++i) attempt("ann@example.com", "wrong");
  EXPECT_EQ(attempt("ann@example.com", password), "too_many_attempts");
  clock.advance(Seconds(30));
  EXPECT_EQ(attempt("ann@example.com", password), "account_disabled");
}

TEST_F(LoginService, EveryRefusalLooksTheSame) {
  const UserId gone = add_account("gone", password);
  users.users.at(gone) = accounts::without_personal_fields(users.users.at(gone), clock.now());
  const UserId off = add_account("off", password);
  disable(off);
  const UserId fresh = add_account("fresh", password, Verified::no);
  ASSERT_FALSE(users.users.at(fresh).email_verified_at);
  for (const char* email : {"ann@example.com", "nobody@example.com", "gone@example.com", "off@example.com",
                            "fresh@example.com", "no address", ""}) {
    forget();
    meanwhile.writes = 0;
    const auto answer = sign_in_as(email, "not the password");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Code::invalid_credentials) << email;
    EXPECT_TRUE(answer.error().detail.empty() && answer.error().reason.empty()) << email;
    EXPECT_EQ(audit.actions(), "login.failed") << email;
    EXPECT_EQ(meanwhile.writes, 1) << email;
  }
  EXPECT_TRUE(mail.sent.empty());
  EXPECT_EQ(living(), 0u);
}

TEST_F(LoginService, AFailureIsRecordedWithItsUser) {
  forget();
  attempt("ann@example.com", "no");
  attempt("nobody@example.com", "no");
  EXPECT_EQ(audit.records[0].event.subject, ann.value);
  EXPECT_FALSE(audit.records[1].event.subject);
}

TEST_F(LoginService, OnlyTheRightPasswordLearnsThatTheAccountIsDisabled) {
  disable(ann);
  EXPECT_EQ(attempt("ann@example.com", password), "account_disabled");
  EXPECT_EQ(attempt("ann@example.com", other_password), "invalid_credentials");
}

TEST_F(LoginService, AnUnverifiedAddressGetsACodeAtMostOnceAMinute) {
  add_account("bob", password, Verified::no);
  EXPECT_EQ(attempt("bob@example.com", password), "email_not_verified");
  EXPECT_EQ(attempt("bob@example.com", password), "email_not_verified");
  EXPECT_EQ(mail.sent.size(), 1u);
  clock.advance(Seconds(60));
  EXPECT_EQ(attempt("bob@example.com", password), "email_not_verified");
  EXPECT_EQ(mail.sent.size(), 2u);
  EXPECT_EQ(living(), 0u);
  EXPECT_EQ(verify("bob@example.com", mailed_code()), "done");
  EXPECT_EQ(attempt("bob@example.com", password), "done");
}

TEST_F(LoginService, AHashOfAnotherCostIsReplacedAtSignIn) {
  const auto dear = ::passwords::Hasher::create({.cost = {.memory_kib = 128, .passes = 2}, .threads = 1}, metrics);
  auto& row = users.users.at(ann);
  row.password_hash = dear.value()->hash(Secret(password)).value();
  ASSERT_TRUE(hasher->needs_rehash(row.password_hash));
  EXPECT_EQ(attempt("ann@example.com", "wrong password"), "invalid_credentials");
  EXPECT_TRUE(hasher->needs_rehash(row.password_hash));
  EXPECT_EQ(attempt("ann@example.com", password), "done");
  EXPECT_FALSE(hasher->needs_rehash(row.password_hash));
  EXPECT_EQ(row.auth_epoch, 0);
  EXPECT_TRUE(has_password(ann, password));
  const std::string once = row.password_hash;
  EXPECT_EQ(attempt("ann@example.com", password), "done");
  EXPECT_EQ(row.password_hash, once);
}

// What happens between comparing the password and making the session: the sign-in does not complete.
TEST_F(LoginService, ASignInThatAChangeOvertookDoesNotComplete) {
  const std::pair<const char*, std::function<void()>> changes_of[] = {
      {"reset",
       [&] {
         ASSERT_TRUE(passwords.forgot("ann@example.com", origin));
         ASSERT_TRUE(passwords.reset("ann@example.com", mailed_code(), Secret(other_password), origin));
       }},
      {"change",
       [&] {
         ASSERT_TRUE(passwords.change(ann, {}, Secret(other_password), Secret("the third of these passwords"), origin));
       }},
      {"sign out everywhere", [&] { ASSERT_TRUE(login.logout_all(ann, std::nullopt, origin)); }},
      {"disable", [&] { disable(ann); }},
      {"disable and enable", [&] { disable(ann), users.users.at(ann).disabled_at.reset(); }},
      {"delete", [&] { users.users.at(ann) = accounts::without_personal_fields(users.users.at(ann), clock.now()); }},
  };
  std::string current = password;
  for (const auto& [name, happens] : changes_of) {
    users.users.at(ann).disabled_at.reset();
    meanwhile.before_write = happens;
    EXPECT_EQ(attempt("ann@example.com", current), "invalid_credentials") << name;
    EXPECT_EQ(living(), 0u) << name;
    if (std::string_view(name) == "reset") current = other_password;
    if (std::string_view(name) == "change") current = "the third of these passwords";
  }
}

TEST_F(LoginService, ARehashNeverBringsAnOlderPasswordBack) {
  const auto dear = ::passwords::Hasher::create({.cost = {.memory_kib = 128, .passes = 2}, .threads = 1}, metrics);
  users.users.at(ann).password_hash = dear.value()->hash(Secret(password)).value();
  meanwhile.before_write = [&] {
    ASSERT_TRUE(passwords.change(ann, {}, Secret(password), Secret(other_password), origin));
  };
  EXPECT_EQ(attempt("ann@example.com", password), "invalid_credentials");
  EXPECT_TRUE(has_password(ann, other_password));
}

TEST_F(LoginService, VerifyingMarksTheAddressAndSignsIn) {
  const UserId bob = add_account("bob", password, Verified::no);
  attempt("bob@example.com", password);
  forget();
  const auto outcome = login.verify_email("Bob@Example.com", mailed_code(), device, origin);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(std::get<SignedIn>(*outcome).session.amr, "otp");
  EXPECT_EQ(users.users.at(bob).email_verified_at, clock.now());
  EXPECT_EQ(audit.actions(), "user.email_verified session.created");
  EXPECT_EQ(outbox.announced, (std::vector{changes::Change{changes::Kind::user, bob.value}}));
  EXPECT_EQ(verify("bob@example.com", mailed_code()), "otp_invalid") << "once";
  EXPECT_EQ(living(), 1u);
}

TEST_F(LoginService, EveryRefusedCodeLooksTheSame) {
  const UserId bob = add_account("bob", password, Verified::no);
  attempt("bob@example.com", password);
  const Secret code = mailed_code();
  const auto refused = [&](const std::string& email, const Secret& otp) {
    forget();
    meanwhile.writes = 0;
    const auto answer = login.verify_email(email, otp, device, origin);
    ASSERT_FALSE(answer) << email;
    EXPECT_EQ(answer.error().code, Code::otp_invalid);
    EXPECT_EQ(audit.actions(), "user.code_refused");
    EXPECT_EQ(meanwhile.writes, 1);
  };
  refused("nobody@example.com", code);
  refused("ann@example.com", code);
  refused("no address", code);
  refused("bob@example.com", wrong(code));
  refused("bob@example.com", Secret("x"));
  disable(bob);
  refused("bob@example.com", code);
  users.users.at(bob).disabled_at.reset();
  clock.advance(codes.rules().life);
  refused("bob@example.com", code);
  EXPECT_FALSE(users.users.at(bob).email_verified_at);
}

TEST_F(LoginService, FiveWrongTriesVoidTheCode) {
  add_account("bob", password, Verified::no);
  attempt("bob@example.com", password);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(verify("bob@example.com", wrong(mailed_code())), "otp_invalid");
  EXPECT_EQ(verify("bob@example.com", mailed_code()), "otp_invalid");
}

TEST_F(LoginService, ARefreshGivesOutWhatHoldsNow) {
  const auto first = sign_in_as("ann@example.com", password);
  ASSERT_TRUE(access.assign(ann, {"admin", {}}, {}));
  clock.advance(Seconds(100));
  const auto next = login.refresh(first->refresh_token, "macos|chrome|", origin);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->grants.roles, (std::vector<std::string>{"admin", "user"}));
  EXPECT_EQ(next->session.id, first->session.id);
  EXPECT_NE(next->access_token.expose(), first->access_token.expose());
  EXPECT_TRUE(tokens::verify_access_token(next->access_token.expose(), *keys.current(), token_config, clock.now()));
}

TEST_F(LoginService, ARepeatedRefreshGivesTheSameRefreshTokenAndAFreshAccessToken) {
  const auto first = sign_in_as("ann@example.com", password);
  const auto one = login.refresh(first->refresh_token, "", origin),
             two = login.refresh(first->refresh_token, "", origin);
  EXPECT_EQ(one->refresh_token.expose(), two->refresh_token.expose());
  EXPECT_NE(one->access_token.expose(), two->access_token.expose());
}

struct Begun : LoginService {
  // The refresh token that answers, "left" where refresh() is to be asked, or the refusal.
  std::string begin(const Secret& token, const audit::Origin& from) {
    const auto answered = std::make_shared<std::promise<std::string>>();
    login.begin_refresh(token, "macos|chrome|", from, [=](std::optional<core::Result<SignedIn>> fresh) {
      answered->set_value(!fresh ? "left" : *fresh ? std::string((*fresh)->refresh_token.expose()) : code_of(*fresh));
    });
    return answered->get_future().get();
  }
  std::string finish(const Secret& token) {
    const auto fresh = login.refresh(token, "macos|chrome|", origin);
    return fresh ? std::string(fresh->refresh_token.expose()) : code_of(fresh);
  }
};

TEST_F(Begun, ARefreshIsAnsweredAsIfItHadBeenWaitedFor) {
  const auto first = sign_in_as("ann@example.com", password);
  const auto next = begin(first->refresh_token, origin);
  EXPECT_TRUE(next.starts_with("ush_r_")) << next;
  EXPECT_EQ(begin(first->refresh_token, origin), next);
  EXPECT_EQ(finish(first->refresh_token), next);
  EXPECT_EQ(begin(Secret(std::string("ush_r_nonsense")), origin), "refresh_invalid");
  disable(ann);
  EXPECT_EQ(begin(Secret(next), origin), "account_disabled");
  ASSERT_TRUE(login.logout(ann, first->session.id, origin));
  EXPECT_EQ(begin(Secret(next), origin), "left") << "its end may be told otherwise after asking again";
}

TEST_F(Begun, WhatIsLeftAfterARotationIsAnsweredWithItsSuccessor) {
  const auto first = sign_in_as("ann@example.com", password);
  ASSERT_TRUE(access.create({"writer", "", {"notes:write"}, {}}, {}));  // roles are to be read again
  EXPECT_EQ(begin(first->refresh_token, origin), "left");
  EXPECT_EQ(row(first->session.id).rotation.generation, 1);
  const auto next = finish(first->refresh_token);
  EXPECT_EQ(row(first->session.id).rotation.generation, 1);
  EXPECT_EQ(begin(first->refresh_token, origin), next);
}

TEST_F(Begun, ASessionThatMovesIsLeftWhereThatIsJudged) {
  auto first = sign_in_as("ann@example.com", password);
  const audit::Origin elsewhere{.ip_address = "198.51.100.77"};
  risk_config.rules.of(risk::Signal::second_network) = risk::Action::notify;
  EXPECT_EQ(begin(first->refresh_token, elsewhere), "left");
  EXPECT_EQ(row(first->session.id).rotation.generation, 0) << "nothing was rotated";
  risk_config.rules.of(risk::Signal::second_network) = risk::Action::off;
  EXPECT_TRUE(begin(first->refresh_token, elsewhere).starts_with("ush_r_"));
}

TEST_F(LoginService, ADisabledAccountRefreshesNothing) {
  const auto first = sign_in_as("ann@example.com", password);
  disable(ann);
  EXPECT_EQ(code_of(login.refresh(first->refresh_token, "", origin)), "account_disabled");
}

TEST_F(LoginService, AUseThatOnlyMemoryKnowsKeepsASessionFromIdling) {
  const auto first = sign_in_as("ann@example.com", password);
  ASSERT_TRUE(checker.load(ann, first->session.id));
  clock.advance(session_config.idle_timeout - Seconds(5));
  near.find(ann, first->session.id,
            [&](const auto&, auto& entry) { return near.touch(ann, entry, clock.now()), true; });
  clock.advance(Seconds(10));
  EXPECT_EQ(code_of(login.refresh(first->refresh_token, "", origin)), "done");
  clock.advance(session_config.idle_timeout + Seconds(1));
  EXPECT_EQ(code_of(login.refresh(first->refresh_token, "", origin)), "session_ended idle");
}

TEST_F(LoginService, ALogoutEndsItsSessionOnly) {
  const auto mine = sign_in_as("ann@example.com", password), other = sign_in_as("ann@example.com", password);
  EXPECT_TRUE(login.logout(ann, mine->session.id, origin));
  EXPECT_EQ(end_of(mine->session.id), "logout");
  EXPECT_EQ(end_of(other->session.id), "");
  EXPECT_TRUE(login.logout(ann, mine->session.id, origin)) << "again is no mistake";
  EXPECT_EQ(code_of(login.refresh(mine->refresh_token, "", origin)), "session_ended logout");
  EXPECT_TRUE(login.logout(add_account("eve", password), other->session.id, origin));
  EXPECT_EQ(end_of(other->session.id), "");
}

TEST_F(LoginService, SigningOutEverywhereCountsAndRaisesTheEpoch) {
  const auto current = sign_in_as("ann@example.com", password)->session.id;
  const auto second = sign_in_as("ann@example.com", password)->session.id;
  EXPECT_EQ(login.logout_all(ann, current, origin).value(), 1);
  EXPECT_EQ(users.users.at(ann).auth_epoch, 1);
  EXPECT_EQ(end_of(second), "logout_all");
  EXPECT_EQ(end_of(current), "");
  EXPECT_EQ(login.logout_all(ann, std::nullopt, origin).value(), 1);
  EXPECT_EQ(living(), 0u);
  EXPECT_EQ(attempt("ann@example.com", password), "done");
}

// Ann with an authenticator app.
struct SecondFactor : LoginService {
  Secret seed;
  std::vector<Secret> recovery_codes;

  SecondFactor() {
    const auto user = users.users.at(ann);
    const auto begun = transactor.atomically([&](core::Tx& tx) { return factors.begin_totp(tx, user, origin); });
    seed = Secret(*mfa::base32_decode(begun->seed.expose()));
    recovery_codes = transactor.atomically([&](core::Tx& tx) { return factors.confirm_totp(tx, user, code(), origin); })
                         .value()
                         .value();
    clock.advance(Seconds(30));
    forget();
  }
  Secret code() {
    const auto step = std::chrono::floor<Seconds>(clock.now()).time_since_epoch() / mfa::otp_step;
    return Secret(mfa::one_time_password(seed, static_cast<uint64_t>(step)));
  }
  Secret ask() {
    auto outcome = login.login("ann@example.com", Secret(password), device, origin);
    return std::get<NeedsFactor>(outcome.value()).token;
  }
  std::string prove(const Secret& token, CodeMethod method, const Secret& proof) {
    return code_of(login.verify_factor(token, method, proof, device, origin));
  }
  std::string prove(const Secret& token) { return prove(token, CodeMethod::totp, code()); }
};

TEST_F(SecondFactor, IsAskedForBeforeThereIsASession) {
  const auto outcome = login.login("ann@example.com", Secret(password), device, origin);
  const auto& asked = std::get<NeedsFactor>(outcome.value());
  EXPECT_EQ(asked.step, (SecondStep{{SecondMethod::totp, SecondMethod::recovery_code}, {}}));
  EXPECT_EQ(asked.expires_in, std::chrono::minutes(5));
  EXPECT_EQ(living(), 0u);
  EXPECT_EQ(audit.actions(), "login.factor_asked");
  ASSERT_EQ(challenge_rows.rows.size(), 1u);
  EXPECT_EQ(challenge_rows.rows.begin()->first, crypto::sha256(asked.token.bytes())) << "only its hash is stored";
  const auto done = login.verify_factor(asked.token, CodeMethod::totp, code(), device, origin);
  ASSERT_TRUE(done);
  const auto* signed_in = std::get_if<SignedIn>(&*done);
  ASSERT_TRUE(signed_in);
  EXPECT_EQ(signed_in->session.amr, "pwd otp mfa");
  EXPECT_EQ(signed_in->session.device, device);
  EXPECT_FALSE(signed_in->access_token.expose().empty());
  EXPECT_EQ(audit.actions(), "login.factor_asked factor.proved session.created");
}

TEST_F(SecondFactor, AWrongCodeLeavesTheTokenAndARightOneUsesItUp) {
  const Secret token = ask();
  EXPECT_EQ(prove(token, CodeMethod::totp, Secret(std::string("x"))), "otp_invalid");
  EXPECT_EQ(prove(token), "done");
  EXPECT_EQ(prove(token, CodeMethod::recovery_code, recovery_codes[0]), "mfa_token_invalid");
  EXPECT_EQ(living(), 1u);
  EXPECT_EQ(prove(ask()), "otp_invalid") << "the code was used";
  EXPECT_EQ(prove(ask(), CodeMethod::recovery_code, recovery_codes[0]), "done") << "it was not used up before";
}

TEST_F(SecondFactor, ATokenIsGoodForAWhile) {
  const Secret token = ask();
  clock.advance(std::chrono::minutes(5) - core::Millis(1));
  EXPECT_EQ(prove(token, CodeMethod::totp, Secret(std::string("x"))), "otp_invalid");
  clock.advance(core::Millis(1));
  EXPECT_EQ(prove(token), "mfa_token_invalid");
  EXPECT_EQ(prove(Secret(std::string("ush_m_nonsense"))), "mfa_token_invalid");
}

TEST_F(SecondFactor, WhatChangedMeanwhileVoidsTheFirstStep) {
  Secret token = ask();
  ASSERT_TRUE(passwords.change(ann, {}, Secret(password), Secret(other_password), origin));
  EXPECT_EQ(prove(token), "mfa_token_invalid");
  ASSERT_TRUE(passwords.change(ann, {}, Secret(other_password), Secret(password), origin));
  token = ask();
  ASSERT_TRUE(login.logout_all(ann, std::nullopt, origin));
  EXPECT_EQ(prove(token), "mfa_token_invalid");
  token = ask();
  disable(ann);
  EXPECT_EQ(prove(token), "mfa_token_invalid");
  EXPECT_EQ(living(), 0u);
}

// ASVS 6.4.3: a mailbox is not enough.
TEST_F(SecondFactor, AResetPasswordDoesNotStandInForIt) {
  ASSERT_TRUE(passwords.forgot("ann@example.com", origin));
  ASSERT_TRUE(passwords.reset("ann@example.com", mailed_code(), Secret(other_password), origin));
  const auto outcome = login.login("ann@example.com", Secret(other_password), device, origin);
  EXPECT_TRUE(std::holds_alternative<NeedsFactor>(outcome.value()));
}

TEST_F(SecondFactor, ACodeByMailDoesNotStandInForIt) {
  users.users.at(ann).email_verified_at.reset();
  const auto mailed = transactor.atomically(
      [&](core::Tx& tx) { return codes.issue(tx, ann, verification::Purpose::verify_email, clock.now()); });
  const auto outcome = login.verify_email("ann@example.com", **mailed, device, origin);
  EXPECT_TRUE(std::holds_alternative<NeedsFactor>(outcome.value()));
  EXPECT_EQ(living(), 0u);
}

// Each login is a new token, and none of them a new beginning.
TEST_F(SecondFactor, GuessesAreCountedOverAllTokens) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(prove(ask(), CodeMethod::totp, Secret(std::string("x"))), "otp_invalid");
  EXPECT_EQ(prove(ask()), "too_many_attempts");
  ASSERT_TRUE(passwords.forgot("ann@example.com", origin));
  ASSERT_TRUE(passwords.reset("ann@example.com", mailed_code(), Secret(password), origin));
  EXPECT_EQ(prove(ask()), "too_many_attempts") << "whoever has the mailbox guesses on";
  clock.advance(Seconds(30));
  EXPECT_EQ(prove(ask()), "done");
}

TEST_F(SecondFactor, ASignInThatFindsNoRoomUsesNothingUp) {
  EXPECT_EQ(prove(ask()), "done");
  session_config.limit = 1;
  session_config.at_limit = sessions::AtLimit::refuse;
  const Secret token = ask();
  EXPECT_EQ(prove(token, CodeMethod::recovery_code, recovery_codes[0]), "session_limit");
  EXPECT_EQ(audit.records.back().event.detail, "session_limit");
  EXPECT_EQ(living(), 1u);
  session_config.limit = 2;
  EXPECT_EQ(prove(token, CodeMethod::recovery_code, recovery_codes[0]), "done");
}

// Both found the token; one of them signs in, and the other keeps its code.
TEST_F(SecondFactor, WhoComesSecondWithATokenUsesNothingUp) {
  const Secret token = ask();
  meanwhile.before_write = [&] { EXPECT_EQ(prove(token), "done"); };
  EXPECT_EQ(prove(token, CodeMethod::recovery_code, recovery_codes[0]), "mfa_token_invalid");
  EXPECT_EQ(audit.records.back().event.detail, "mfa_token_invalid");
  EXPECT_EQ(prove(ask(), CodeMethod::recovery_code, recovery_codes[0]), "done");
}

TEST_F(LoginService, AStoreThatDoesNotAnswerIsNoRefusal) {
  const auto first = sign_in_as("ann@example.com", password);
  transactor.unavailable = true;
  EXPECT_EQ(attempt("ann@example.com", password), "store_unavailable");
  EXPECT_EQ(attempt("nobody@example.com", password), "store_unavailable");
  EXPECT_EQ(verify("ann@example.com", Secret("123456")), "store_unavailable");
  EXPECT_EQ(code_of(login.refresh(first->refresh_token, "", origin)), "store_unavailable");
  EXPECT_EQ(code_of(login.logout(ann, first->session.id, origin)), "store_unavailable");
  EXPECT_EQ(code_of(login.logout_all(ann, std::nullopt, origin)), "store_unavailable");
}

}  // namespace
}  // namespace login
