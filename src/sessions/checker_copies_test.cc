// Checks that are answered by copies of other nodes, and those that must not be.
#include <gtest/gtest.h>

#include "sessions/checker.h"
#include "tests/support/fake_copies.h"
#include "tests/support/fake_stream.h"
#include "tests/support/server_world.h"

namespace sessions {
namespace {

using accounts::UserId, core::Millis, core::Seconds;

// Two nodes that make copies for each other.
class CopiesTest : public testing::Test {
 protected:
  std::shared_ptr<test::FakeCopies> copies = std::make_shared<test::FakeCopies>();
  test::FakeStream::Entries entries;
  std::unique_ptr<test::ServerWorld> first = test::ServerWorld::create(test::sqlite);
  std::unique_ptr<test::ServerWorld> maker = first->join(std::make_shared<test::FakeStream>(entries), copies);
  std::unique_ptr<test::ServerWorld> node = first->join(std::make_shared<test::FakeStream>(entries), copies);
  UserId user = maker->add_user();
  SessionId session = maker->sign_in(user).session.id;
  std::string token = maker->access_token(user, session);

  void SetUp() override {
    poll();
    ASSERT_EQ(ask(*maker), "admitted by the store");
    ASSERT_TRUE(copies->held.contains(session));
    // It knows what roles there are.
    const auto other = node->add_user();
    ASSERT_TRUE(node->checker.load(other, node->sign_in(other).session.id));
    poll();
  }
  void poll() {
    maker->clock.advance(Millis(1)), node->clock.advance(Millis(1));
    maker->poll(), node->poll();
  }
  std::string ask(test::ServerWorld& at) {
    const int reads = at.transactor.reads;
    const auto admitted = at.checker.check(token, at.clock.boot());
    const std::string by = at.transactor.reads == reads ? " from memory" : " by the store";
    return admitted ? "admitted" + by : std::string(core::row(admitted.error().code).name);
  }
  Copy& copy() { return copies->held.at(session); }
};

TEST_F(CopiesTest, WhatOneNodeReadAnotherNeedNotRead) {
  EXPECT_EQ(ask(*node), "admitted from memory");
  const auto admitted = node->checker.check(token, node->clock.boot());
  ASSERT_TRUE(admitted);
  EXPECT_EQ(admitted->user, user);
  EXPECT_EQ(admitted->session, session);
  EXPECT_EQ(admitted->roles, "user");
  EXPECT_EQ(copies->found, 1) << "it is remembered";
}

TEST_F(CopiesTest, AfterAChangeOfItsUserTheStoreIsAsked) {
  ASSERT_TRUE(maker->end(user, session));
  poll();
  poll();
  EXPECT_EQ(ask(*node), "session_ended");
}

TEST_F(CopiesTest, RolesThatChangedAreReadAnew) {
  ASSERT_TRUE(maker->access.assign(user, {"admin", {}}, {}));
  poll();
  EXPECT_EQ(ask(*node), "admitted by the store");
  EXPECT_EQ(node->checker.check(token, node->clock.boot())->roles, "admin,user");
}

TEST_F(CopiesTest, WithoutFreshNewsTheStoreIsAsked) {
  maker->advance(changes::Feed::trust), node->clock.advance(changes::Feed::trust);
  EXPECT_EQ(ask(*node), "admitted by the store");
}

TEST_F(CopiesTest, OneOfAnotherUserIsNone) {
  copy().user = maker->add_user();
  EXPECT_EQ(ask(*node), "admitted by the store");
}

TEST_F(CopiesTest, AMemoryByACopyIsAsOldAsTheCopy) {
  copy().read_at -= node->access_config.cache_ttl - Seconds(1);
  EXPECT_EQ(ask(*node), "admitted from memory");
  copies->held.clear();
  node->advance(Seconds(2));
  poll();
  EXPECT_EQ(ask(*node), "admitted by the store");
}

TEST_F(CopiesTest, OneThatTheClockHasEndedIsNone) {
  copy().last_active_at -= node->session_config.idle_timeout;
  EXPECT_EQ(ask(*node), "admitted by the store");
}

TEST_F(CopiesTest, ACopyThatAChangeOvertakesIsNotUsed) {
  struct Overtaken final : Copies {
    test::FakeCopies& behind;
    std::function<void()> meanwhile;
    explicit Overtaken(test::FakeCopies& its) : behind(its) {}
    std::vector<Copy> find(std::span<const SessionId> ids) override {
      auto found = behind.find(ids);
      if (const auto once = std::exchange(meanwhile, nullptr)) once();
      return found;
    }
    void put(std::vector<Copy> made) override { behind.put(std::move(made)); }
  };
  const auto slow = std::make_shared<Overtaken>(*copies);
  const auto late = first->join(std::make_shared<test::FakeStream>(entries), slow);
  slow->meanwhile = [&] { ASSERT_TRUE(late->end(user, session)); };
  EXPECT_EQ(ask(*late), "session_ended");
}

TEST_F(CopiesTest, NoneIsMadeOfWhatDoesNotLive) {
  copies->held.clear();
  ASSERT_TRUE(maker->end(user, session));
  EXPECT_EQ(ask(*maker), "session_ended");
  EXPECT_TRUE(copies->held.empty());
}

}  // namespace
}  // namespace sessions
