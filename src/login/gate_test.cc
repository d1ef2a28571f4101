#include "login/gate.h"

#include <gtest/gtest.h>

#include "tests/support/login_world.h"

namespace login {
namespace {

using core::Code;

http::Request request_with(const std::vector<http::Header>& headers) {
  http::Request request;
  for (const auto& header : headers) request.headers[request.header_count++] = header;
  return request;
}

// The token that is read, or the code of the refusal.
std::string read(const std::vector<http::Header>& headers) {
  const http::Request request = request_with(headers);
  const auto token = bearer_token(request);
  return std::string(token ? *token : core::row(token.error().code).name);
}
std::string read_value(std::string_view value) { return read({{"Authorization", value}}); }

TEST(BearerToken, OneFormIsRead) {
  EXPECT_EQ(read_value("Bearer abc.def-_~+/=="), "abc.def-_~+/==");
  EXPECT_EQ(read_value("Bearer x"), "x");
}

TEST(BearerToken, TheSchemeAndTheNameHaveNoCase) {
  for (const char* scheme : {"bearer ", "BEARER ", "bEaReR "})
    EXPECT_EQ(read_value(scheme + std::string("abc")), "abc");
  for (const char* name : {"authorization", "AUTHORIZATION", "aUTHORIZATION"})
    EXPECT_EQ(read({{name, "Bearer abc"}}), "abc");
}

TEST(BearerToken, WithoutAHeaderItIsMissing) {
  EXPECT_EQ(read({}), "token_missing");
  EXPECT_EQ(
      read({{"X-Authorization", "Bearer abc"}, {"Authorization2", "Bearer abc"}, {"Cookie", "Authorization=abc"}}),
      "token_missing");
}

TEST(BearerToken, EverythingElseIsMalformed) {
  const std::vector<std::string> values = {"",
                                           " ",
                                           "Bearer",
                                           "Bearer ",
                                           "Bearer  abc",
                                           "Bearer\tabc",
                                           "Bearerabc",
                                           " Bearer abc",
                                           "Bearer abc ",
                                           "Bearer abc def",
                                           "Bearer a,b",
                                           "Bearer \"abc\"",
                                           "Bearer abc\t",
                                           "Bearer \xC3\xA4",
                                           "Bearer a%20b",
                                           "Bearer a;b",
                                           "Bearer <abc>",
                                           "Basic abc",
                                           "Basic dXNlcjpwYXNz",
                                           "Digest abc",
                                           "Negotiate abc",
                                           "JWT abc",
                                           "Token abc",
                                           "abc",
                                           "abc.def.ghi",
                                           "Bearer: abc",
                                           "Bearer=abc",
                                           "Bearer, Bearer abc",
                                           "Basic abc, Bearer def",
                                           std::string("Bearer a\0b", 10),
                                           "Bearer a\x7F"};
  for (const auto& value : values) EXPECT_EQ(read_value(value), "token_malformed") << value;
}

TEST(BearerToken, TwoHeadersAreMalformedWhateverTheySay) {
  EXPECT_EQ(read({{"Authorization", "Bearer abc"}, {"Authorization", "Bearer abc"}}), "token_malformed");
  EXPECT_EQ(read({{"Authorization", "Bearer abc"}, {"Host", "x"}, {"authorization", ""}}), "token_malformed");
  EXPECT_EQ(read({{"Authorization", "Basic abc"}, {"Authorization", "Bearer abc"}}), "token_malformed");
}

struct GateTest : testing::Test, test::LoginWorld {
  Gate gate{checker, step_up};
  accounts::UserId ann = add_account("ann", "a password of some length");
  SignedIn signed_in = sign_in("ann@example.com", "a password of some length").value();
  std::string header = "Bearer " + std::string(signed_in.access_token.expose());

  std::string admit(const http::Guard& guard) {
    http::Request request = request_with({{"Authorization", header}});
    request.received = clock.boot();
    const auto caller = gate.admit(request, guard);
    if (caller)
      return caller->user == ann.value && caller->session == signed_in.session.id.value ? "admitted" : "another";
    const auto& error = caller.error();
    return std::string(core::row(error.code).name) + (error.reason.empty() ? "" : ' ' + error.reason);
  }
};

TEST_F(GateTest, ALivingSessionPassesAndSaysWhoItIs) { EXPECT_EQ(admit(http::Guard::session()), "admitted"); }

TEST_F(GateTest, APermissionIsAskedFor) {
  EXPECT_EQ(admit(http::Guard::permission("users:read")), "permission_denied users:read");
  ASSERT_TRUE(access.assign(ann, {"admin", {}}, {}));
  EXPECT_EQ(admit(http::Guard::permission("users:read")), "admitted");
}

TEST_F(GateTest, WhatNeedsARecentProofSaysByWhatToGiveIt) {
  const auto guard = http::Guard::session().recently();
  clock.advance(std::chrono::minutes(15) - core::Seconds(1));
  EXPECT_EQ(admit(guard), "admitted");
  clock.advance(core::Seconds(1));
  EXPECT_EQ(admit(guard), "step_up_required password email_code");
  EXPECT_EQ(admit(http::Guard::session()), "admitted");
  const auto fresh = login.refresh(signed_in.refresh_token, "", {});
  const std::string old = std::exchange(header, "Bearer " + std::string(fresh->access_token.expose()));
  EXPECT_EQ(admit(guard), "step_up_required password email_code") << "a refresh proves nothing";

  const auto proved =
      step_up.prove(ann, signed_in.session.id, ProofMethod::password, crypto::Secret("a password of some length"), {});
  header = "Bearer " + std::string(proved.value().access_token.expose());
  EXPECT_EQ(admit(guard), "admitted");
  header = old;
  EXPECT_EQ(admit(guard), "step_up_required password email_code") << "a copy of an older token gains nothing";
  session_config.step_up_after = core::Seconds(0);
  EXPECT_EQ(admit(guard), "admitted");
}

TEST_F(GateTest, AProofThatWasTakenBackDoesNotCount) {
  const auto guard = http::Guard::session().recently();
  EXPECT_EQ(admit(guard), "admitted");
  session_config.reactions.role_change = ::sessions::Reaction::step_up;
  clock.advance(core::Seconds(1));
  ASSERT_TRUE(transactor.atomically(
      [&](core::Tx& tx) { return sessions.react(tx, ::sessions::Event::roles_changed, ann, std::nullopt, {}); }));
  near.drop(ann);
  for (const char* held : {"by the store", "by memory"}) {
    EXPECT_EQ(admit(guard), "step_up_required password email_code") << held;
    EXPECT_EQ(admit(http::Guard::session()), "admitted") << held;
  }
  const auto fresh = login.refresh(signed_in.refresh_token, "", {});
  const std::string old = std::exchange(header, "Bearer " + std::string(fresh->access_token.expose()));
  EXPECT_EQ(admit(guard), "step_up_required password email_code") << "a refresh proves nothing";
  const auto proved =
      step_up.prove(ann, signed_in.session.id, ProofMethod::password, crypto::Secret("a password of some length"), {});
  header = "Bearer " + std::string(proved.value().access_token.expose());
  EXPECT_EQ(admit(guard), "admitted") << "also while memory has not heard of it";
  header = old;
  EXPECT_EQ(admit(guard), "step_up_required password email_code");
}

TEST_F(GateTest, WhoImpersonatesReadsAndSignsOut) {
  const auto root = add_account("root", "a password of some length");
  ASSERT_TRUE(access.assign(root, {"super_admin", {}}, {}));
  const auto by = sign_in("root@example.com", "a password of some length")->session.id;
  auto begun = transactor.atomically([&](core::Tx& tx) -> core::Result<SignedIn> {
    auto issued = TRY(sessions.impersonate(tx, ann, {by, core::Seconds(300), "why"}, {}));
    return login.give_out(tx, users.users.at(ann), std::move(issued));
  });
  header = "Bearer " + std::string(login.with_access_token(*std::move(begun))->access_token.expose());
  const auto ask = [&](http::Method method, const http::Guard& guard) {
    http::Request request = request_with({{"Authorization", header}});
    request.method = method;
    request.received = clock.boot();
    const auto caller = gate.admit(request, guard);
    if (!caller) return std::string(core::row(caller.error().code).name);
    return std::string(caller->impersonator == root.value ? "by root" : "by himself");
  };
  using enum http::Method;
  const auto session = http::Guard::session();
  EXPECT_EQ(ask(get, session), "by root");
  EXPECT_EQ(ask(head, session), "by root");
  EXPECT_EQ(ask(get, session.recently()), "impersonation_denied");
  for (const auto method : {post, patch, put, delete_}) EXPECT_EQ(ask(method, session), "impersonation_denied");
  EXPECT_EQ(ask(post, session.impersonated()), "by root");
  EXPECT_EQ(ask(post, http::Guard::permission("users:write")), "permission_denied");
}

TEST_F(GateTest, APermissionIsAskedForBeforeAProof) {
  clock.advance(std::chrono::hours(1));
  EXPECT_EQ(admit(http::Guard::permission("users:write").recently()), "permission_denied users:write");
}

TEST_F(GateTest, WhatEndedIsRefusedWithItsReason) {
  ASSERT_TRUE(login.logout(ann, signed_in.session.id, {}));
  EXPECT_EQ(admit(http::Guard::session()), "session_ended logout");
}

TEST_F(GateTest, AStoreThatDoesNotAnswerIsNoRefusal) {
  transactor.unavailable = true;
  EXPECT_EQ(admit(http::Guard::session()), "store_unavailable");
}

TEST_F(GateTest, ARefreshTokenOpensNothing) {
  header = "Bearer " + std::string(signed_in.refresh_token.expose());
  EXPECT_EQ(admit(http::Guard::session()), "token_malformed");
}

}  // namespace
}  // namespace login
