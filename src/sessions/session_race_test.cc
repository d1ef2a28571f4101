// What holds when calls meet, on both engines, through the whole service.
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <set>
#include <thread>

#include "tests/support/postgres_server.h"
#include "tests/support/server_world.h"

namespace sessions {
namespace {

using core::Code, core::Seconds;

class SessionRace : public testing::TestWithParam<test::OpenDatabase> {
 protected:
  void SetUp() override {
    world = test::ServerWorld::create(GetParam());
    if (!world) GTEST_SKIP() << support::postgres_absent;
    user = world->add_user();
  }
  template <class... F>
  static void race(F... parts) {
    std::barrier start(sizeof...(parts));
    std::vector<std::jthread> threads;
    (threads.emplace_back([&start, parts] { start.arrive_and_wait(), parts(); }), ...);
  }
  std::unique_ptr<test::ServerWorld> world;
  accounts::UserId user;
};

TEST_P(SessionRace, ParallelRefreshesGetOneSuccessor) {
  const Issued issued = world->sign_in(user);
  std::mutex mutex;
  std::set<std::string> answers;
  {
    std::barrier start(50);
    std::vector<std::jthread> tabs;
    for (int i = 0; i < 50; ++i)
      tabs.emplace_back([&] {
        start.arrive_and_wait();
        const auto answer = world->refresh(issued.refresh_token, "macos|chrome|", {});
        const std::lock_guard lock(mutex);
        answers.insert(answer ? std::string(answer->refresh_token.expose()) : "refused: " + answer.error().cause);
      });
  }
  ASSERT_EQ(answers.size(), 1u) << *answers.begin();
  EXPECT_EQ(world->session(issued.session.id).rotation.generation, 1);
  EXPECT_EQ(world->alarm.rung, 0);
}

// Those of many sessions share transactions; each gets the answer that it would get alone.
TEST_P(SessionRace, RefreshesThatComeTogetherKeepApart) {
  constexpr size_t count = 40;
  std::vector<Issued> issued;
  for (size_t i = 0; i < count; ++i) issued.push_back(world->sign_in(i % 2 ? user : world->add_user()));
  for (size_t i = 1; i < count; i += 8) ASSERT_TRUE(world->refresh(issued[i].refresh_token, "macos|safari|", {}));
  world->clock.advance(Seconds(40));
  for (size_t i = 0; i < count; i += 8) ASSERT_TRUE(world->end(issued[i].session.user, issued[i].session.id));
  std::vector<std::string> answers(2 * count);
  {
    std::barrier start(2 * count);
    std::vector<std::jthread> clients;
    for (size_t i = 0; i < 2 * count; ++i)
      clients.emplace_back([&, i] {
        start.arrive_and_wait();
        const auto answer = world->refresh(issued[i / 2].refresh_token, "macos|chrome|", {});
        if (!answer) answers[i] = answer.error().reason;
        else if (answer->session.id != issued[i / 2].session.id || answer->user.id != issued[i / 2].session.user)
          answers[i] = "another's";
        else answers[i] = answer->refresh_token.expose();
      });
  }
  std::set<std::string> distinct;
  for (size_t i = 0; i < count; ++i) {
    EXPECT_EQ(answers[2 * i], answers[2 * i + 1]);
    if (i % 8 == 0) EXPECT_EQ(answers[2 * i], "logout");
    else if (i % 8 == 1) EXPECT_EQ(answers[2 * i], "refresh_reuse");
    else EXPECT_TRUE(answers[2 * i].starts_with("ush_r_") && distinct.insert(answers[2 * i]).second) << answers[2 * i];
    EXPECT_EQ(world->session(issued[i].session.id).rotation.generation, i % 8 ? 1 : 0);
  }
}

TEST_P(SessionRace, WhileTheStoreIsDownAllAreToldSoAndLoseNothing) {
  std::vector<Issued> issued;
  for (int i = 0; i < 20; ++i) issued.push_back(world->sign_in(user));
  const auto refresh_all = [&] {
    std::atomic<int> answered{0}, unavailable{0};
    std::vector<std::jthread> clients;
    for (const Issued& one : issued)
      clients.emplace_back([&] {
        const auto answer = world->refresh(one.refresh_token);
        if (answer) ++answered;
        else if (answer.error().code == Code::store_unavailable) ++unavailable;
      });
    clients.clear();
    return std::pair(answered.load(), unavailable.load());
  };
  world->transactor.down = true;
  EXPECT_EQ(refresh_all(), std::pair(0, 20));
  world->transactor.down = false;
  EXPECT_EQ(refresh_all(), std::pair(20, 0));
}

TEST_P(SessionRace, ALockedSessionHoldsUpNoOther) {
  if (GetParam() == test::sqlite) GTEST_SKIP() << "a writer is alone there";
  const Issued locked = world->sign_in(user), other = world->sign_in(user);
  std::jthread waits;
  std::atomic<bool> answered{false};
  const auto held = world->transactor.atomically([&](core::Tx& tx) -> core::Result<> {
    TRY(world->session_rows->lock(tx, locked.session.id));
    waits = std::jthread([&] { answered = world->refresh(locked.refresh_token).has_value(); });
    std::thread([&] { EXPECT_TRUE(world->refresh(other.refresh_token)); }).join();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_FALSE(answered);
    return {};
  });
  ASSERT_TRUE(held);
  waits.join();
  EXPECT_TRUE(answered);
}

TEST_P(SessionRace, ARefreshNeverOutlivesALogout) {
  int answered = 0;
  for (int round = 0; round < 200; ++round) {
    const Issued issued = world->sign_in(user);
    core::Result<Refreshed> answer = core::fail(Code::internal);
    race([&] { answer = world->refresh(issued.refresh_token); },
         [&] { EXPECT_TRUE(world->end(user, issued.session.id)); });
    EXPECT_EQ(world->end_of(issued.session.id), "logout");
    answered += answer.has_value();
    if (!answer) EXPECT_EQ(answer.error().reason, "logout") << answer.error().cause;
    const auto& token = answer ? answer->refresh_token : issued.refresh_token;
    const auto again = world->refresh(token);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().reason, "logout");
  }
  RecordProperty("refreshes_that_came_first", answered);
}

TEST_P(SessionRace, AStolenTokenEndsTheSessionOnce) {
  for (int round = 0; round < 20; ++round) {
    const Issued issued = world->sign_in(user);
    ASSERT_TRUE(world->refresh(issued.refresh_token, "macos|chrome|", {}));
    world->alarm.rung = 0;
    world->clock.advance(Seconds(40));
    const auto steal = [&] { EXPECT_FALSE(world->refresh(issued.refresh_token, "ios|safari|", {})); };
    race(steal, steal, steal);
    EXPECT_EQ(world->alarm.rung, 1);
    const auto events =
        world->transactor.reading([&](core::Tx& tx) { return world->audit->list(tx, {.subject = user.value}); })
            .value()
            .records;
    EXPECT_EQ(std::ranges::count_if(events,
                                    [&](const audit::Record& record) {
                                      return record.event.action == "session.ended" &&
                                             record.event.session == issued.session.id.value;
                                    }),
              1);
  }
}

// Both say "signed out", also the one that found nothing to do: from then on the token is refused here.
TEST_P(SessionRace, NoLogoutIsAnsweredBeforeThisProcessObeysIt) {
  for (int round = 0; round < 100; ++round) {
    const Issued issued = world->sign_in(user);
    const std::string token = world->access_token(user, issued.session.id);
    world->poll();
    ASSERT_TRUE(world->checker.check(token, world->clock.boot()));
    const auto logout = [&] {
      world->end(user, issued.session.id);
      EXPECT_FALSE(world->checker.check(token, world->clock.boot()));
    };
    race(logout, logout);
  }
}

std::string engine_name(const testing::TestParamInfo<test::OpenDatabase>& info) {
  return info.param == test::sqlite ? "Sqlite" : "Postgres";
}
INSTANTIATE_TEST_SUITE_P(Engines, SessionRace, testing::Values(test::sqlite, test::postgres), engine_name);

}  // namespace
}  // namespace sessions
