#include "mfa/role_watch.h"

#include <gtest/gtest.h>

#include "tests/support/session_world.h"

namespace mfa {
namespace {

using accounts::UserId;

struct RoleWatchTest : testing::Test, test::SessionWorld {
  Config config{.required_roles = {"support"}, .phishing_resistant_roles = {"admin"}};
  RoleWatch watch{access, sessions, config};
  UserId ann = add_user("ann");

  ::sessions::SessionId begin(const std::string& amr) {
    clock.advance(core::Millis(1));
    return transactor.atomically([&](core::Tx& tx) { return sessions.create(tx, ann, {}, amr, {}); })->session.id;
  }
  void give(const std::string& role, const audit::Origin& origin = {}) {
    roles.state.assignments[{ann, role}] = {.user = ann, .role = role, .given_at = clock.now()};
    ASSERT_TRUE(transactor.atomically([&](core::Tx& tx) { return watch.roles_changed(tx, ann, origin); }));
  }
};

TEST_F(RoleWatchTest, WhatProvedLessThanANewRoleAsksForEnds) {
  const auto password = begin("pwd"), app = begin("pwd otp mfa"), passkey = begin("hwk user mfa");
  give("manager");
  EXPECT_EQ(end_of(password), "") << "asks for nothing";
  give("support");
  EXPECT_EQ(end_of(password), "factor_required");
  EXPECT_EQ(end_of(app), "");
  give("admin");
  EXPECT_EQ(end_of(app), "factor_required");
  EXPECT_EQ(end_of(passkey), "");
}

TEST_F(RoleWatchTest, WhoGivesHimselfARoleProvesWhatItAsksForToo) {
  const auto here = begin("pwd");
  give("support", {.ip_address = "192.0.2.1", .actor = ann.value, .session = here.value});
  EXPECT_EQ(end_of(here), "factor_required");
}

TEST_F(RoleWatchTest, EachOfManySessionsEnds) {
  std::vector<::sessions::SessionId> weak, strong;
  for (int i = 0; i < 150; ++i) weak.push_back(begin("pwd")), strong.push_back(begin("swk user mfa"));
  config.policy = Policy::required;
  EXPECT_EQ(transactor.atomically([&](core::Tx& tx) { return watch.end_unproved(tx, ann, {}); }), 150);
  for (const auto& one : weak) EXPECT_EQ(end_of(one), "factor_required");
  for (const auto& one : strong) EXPECT_EQ(end_of(one), "");
}

}  // namespace
}  // namespace mfa
