#include "sessions/end_again.h"

#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>

#include "tests/support/session_world.h"

namespace sessions {
namespace {

// A store that fails in the middle; each attempt is told.
struct FailingOutbox final : changes::Outbox {
  std::atomic<int> failures{0};
  std::counting_semaphore<> announced{0};
  core::Result<> announce(core::Tx& tx, const changes::Change&) override {
    if (failures-- > 0) return core::fail(core::Code::store_unavailable);
    tx.after_commit([this] { announced.release(); });
    return {};
  }
};

struct EndAgainTest : testing::Test, test::SessionWorld {
  UserId user = add_user("ann");
  FailingOutbox failing;
  Service service{transactor, session_rows, audit, failing, keys, alarm, random, clock, guard, session_config};

  SessionId lost() {
    const auto id = sign_in(user).session.id;
    EXPECT_TRUE(transactor.atomically([&](core::Tx& tx) { return service.end(tx, user, id, EndReason::logout, {}); }));
    EXPECT_TRUE(failing.announced.try_acquire());
    session_rows.sessions.at(id).end.reset();
    return id;
  }
  bool ended_again() { return failing.announced.try_acquire_for(core::Seconds(10)); }
};

TEST_F(EndAgainTest, AStoreThatFailsMidwayIsAskedAgainUntilItTookThem) {
  const SessionId first = lost(), second = lost();
  failing.failures = 2;
  EndAgain again(service);
  again.wake();
  EXPECT_TRUE(ended_again() && ended_again());
  EXPECT_EQ(end_of(first) + end_of(second), "logoutlogout");
  EXPECT_LT(failing.failures, 0);
}

TEST_F(EndAgainTest, EachTimeItIsWoken) {
  EndAgain again(service);
  for (int i = 0; i < 3; ++i) {
    const SessionId id = lost();
    again.wake();
    EXPECT_TRUE(ended_again());
    EXPECT_EQ(end_of(id), "logout");
  }
}

TEST_F(EndAgainTest, ItStopsWhileTheStoreStillFails) {
  lost();
  failing.failures = 1'000'000;
  EndAgain again(service);
  again.wake();
}

TEST(RecentEnds, ThereIsRoomForTheNewestAndWhatWasDroppedIsTold) {
  RecentEnds ends;
  const auto add = [&](core::Millis at) { ends.add({.id = {}, .user = {}, .reason = EndReason::logout, .at = at}); };
  for (size_t i = 0; i < RecentEnds::most; ++i) add(core::Millis(1000 + i));
  EXPECT_TRUE(ends.at(core::Millis(20'000)).complete);
  add(core::Millis(20'000));
  const auto kept = ends.at(core::Millis(20'000));
  EXPECT_FALSE(kept.complete);
  EXPECT_EQ(kept.ends.size(), RecentEnds::most);
  EXPECT_EQ(kept.ends.front().at, core::Millis(1001));
  EXPECT_EQ(kept.ends.back().at, core::Millis(20'000));
  const auto later = ends.at(core::Millis(1001) + RecentEnds::kept);
  EXPECT_TRUE(later.complete) << "what was dropped would be too old, too";
  EXPECT_EQ(later.ends.size(), RecentEnds::most - 1);
}

}  // namespace
}  // namespace sessions
