#include "sessions/near_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "crypto/random.h"

namespace sessions {
namespace {

using accounts::UserId, core::Seconds, core::Time;

const Time t0 = core::from_millis(1'800'000'000'000);

struct NearCacheTest : testing::Test {
  crypto::SeededRandom random{5};
  NearCache cache{10'000};

  UserId new_user() { return random.id<UserId>(t0); }
  SessionId new_session() { return random.id<SessionId>(t0); }
  static roles::Grants grants(std::string role = "user") {
    return {.roles = {std::move(role)}, .permissions = std::make_shared<roles::PermissionSet>(), .valid_until = {}};
  }
  static Entry entry(SessionId id) {
    return {.session = id, .created_at = t0, .expires_at = t0 + Seconds(1000), .last_active_at = t0};
  }
  bool fill(UserId user, SessionId session, const std::string& role = "user") {
    return cache.fill(cache.begin_fill(user), user, grants(role), {}, entry(session));
  }
  bool holds(UserId user, SessionId session) {
    return cache.find(user, session, [](const Holder&, Entry&) { return true; });
  }
  void use(UserId user, SessionId session, Time at) {
    cache.find(user, session, [&](const Holder&, Entry& held) { return cache.touch(user, held, at), true; });
  }
};

TEST_F(NearCacheTest, HoldsWhatWasFilled) {
  const UserId user = new_user();
  const SessionId first = new_session(), second = new_session();
  EXPECT_FALSE(holds(user, first));
  EXPECT_TRUE(fill(user, first, "admin"));
  EXPECT_TRUE(fill(user, second, "admin"));
  EXPECT_TRUE(holds(user, first));
  EXPECT_TRUE(holds(user, second));
  EXPECT_FALSE(holds(user, new_session()));
  EXPECT_FALSE(holds(new_user(), first));
  EXPECT_EQ(cache.size(), 2u);
  cache.find(user, first, [&](const Holder& holder, Entry& held) {
    EXPECT_EQ(holder.roles, "admin");
    EXPECT_EQ(held.expires_at, t0 + Seconds(1000));
    return true;
  });
}

TEST_F(NearCacheTest, TheVisitorDecides) {
  const UserId user = new_user();
  const SessionId session = new_session();
  fill(user, session);
  EXPECT_FALSE(cache.find(user, session, [](const Holder&, Entry&) { return false; }));
}

TEST_F(NearCacheTest, ASecondFillReplacesAndKeepsTheUseAndTheText) {
  const UserId user = new_user();
  const SessionId session = new_session();
  const roles::Grants same = grants();
  Entry with_text = entry(session);
  with_text.me = std::make_unique<MeText>(MeText{"u", "s", "e"});
  EXPECT_TRUE(cache.fill(cache.begin_fill(user), user, same, {}, std::move(with_text)));
  use(user, session, t0 + Seconds(9));
  Entry newer = entry(session);
  newer.expires_at = t0 + Seconds(5);
  EXPECT_TRUE(cache.fill(cache.begin_fill(user), user, same, {}, std::move(newer)));
  EXPECT_EQ(cache.size(), 1u);
  cache.find(user, session, [&](const Holder&, Entry& held) {
    EXPECT_EQ(held.expires_at, t0 + Seconds(5));
    EXPECT_EQ(held.last_active_at, t0 + Seconds(9));
    EXPECT_TRUE(held.me);
    return true;
  });
}

TEST_F(NearCacheTest, TextsThatTellOfOtherRolesAreForgotten) {
  const UserId user = new_user();
  const SessionId one = new_session(), two = new_session();
  const roles::Grants first = grants("admin");
  for (const SessionId session : {one, two}) {
    Entry with_text = entry(session);
    with_text.me = std::make_unique<MeText>(MeText{"u", "s", "e"});
    EXPECT_TRUE(cache.fill(cache.begin_fill(user), user, first, {}, std::move(with_text)));
  }
  EXPECT_TRUE(cache.fill(cache.begin_fill(user), user, grants("user"), {}, entry(one)));
  for (const SessionId session : {one, two})
    EXPECT_TRUE(cache.find(user, session, [&](const Holder& holder, Entry& held) {
      EXPECT_EQ(holder.roles, "user");
      EXPECT_FALSE(held.me);
      return true;
    }));
}

TEST_F(NearCacheTest, UsesAreTakenOnceAndOnlyWhenTheSecondChanged) {
  const UserId user = new_user();
  const SessionId session = new_session();
  fill(user, session);
  use(user, session, t0 + core::Millis(999));
  EXPECT_TRUE(cache.take_touches().empty());
  use(user, session, t0 + Seconds(3));
  use(user, session, t0 + Seconds(7));
  const auto touches = cache.take_touches();
  ASSERT_EQ(touches.size(), 1u);
  EXPECT_EQ(touches[0].id, session);
  EXPECT_EQ(touches[0].at, t0 + Seconds(7));
  EXPECT_TRUE(cache.take_touches().empty());
  use(user, session, t0 + Seconds(9));
  EXPECT_EQ(cache.take_touches().size(), 1u);
}

TEST_F(NearCacheTest, UsesOutliveTheEntry) {
  const UserId user = new_user(), other = new_user();
  const SessionId session = new_session(), second = new_session();
  fill(user, session);
  fill(other, second);
  use(user, session, t0 + Seconds(3));
  use(other, second, t0 + Seconds(4));
  cache.drop(user);
  EXPECT_FALSE(holds(user, session));
  EXPECT_TRUE(holds(other, second));
  // The same session again, used again: both uses are told, and the later one counts.
  fill(user, session);
  use(user, session, t0 + Seconds(8));
  cache.drop_all();
  EXPECT_EQ(cache.size(), 0u);
  std::map<SessionId, Time> latest;
  for (const Touch& touch : cache.take_touches()) latest[touch.id] = std::max(latest[touch.id], touch.at);
  EXPECT_EQ(latest, (std::map<SessionId, Time>{{session, t0 + Seconds(8)}, {second, t0 + Seconds(4)}}));
}

TEST_F(NearCacheTest, ItIsBoundedAndForgetsNoUse) {
  NearCache small(640);
  std::set<SessionId> used;
  for (int i = 0; i < 5000; ++i) {
    const UserId user = new_user();
    const SessionId session = new_session();
    ASSERT_TRUE(small.fill(small.begin_fill(user), user, grants(), {}, entry(session)));
    // What was just filled is there, whatever had to go.
    ASSERT_TRUE(small.find(user, session,
                           [&](const Holder&, Entry& held) { return small.touch(user, held, t0 + Seconds(2)), true; }));
    used.insert(session);
    ASSERT_LE(small.size(), 640u + 64u);
  }
  EXPECT_GT(small.size(), 500u);
  for (const Touch& touch : small.take_touches()) used.erase(touch.id);
  EXPECT_TRUE(used.empty());
}

TEST_F(NearCacheTest, OneUserWithManySessionsIsBoundedToo) {
  NearCache small(640);
  const UserId user = new_user();
  for (int i = 0; i < 1000; ++i)
    ASSERT_TRUE(small.fill(small.begin_fill(user), user, grants(), {}, entry(new_session())));
  EXPECT_LE(small.size(), 11u);
}

TEST_F(NearCacheTest, AFillThatBeganBeforeAChangeIsDiscarded) {
  const UserId user = new_user();
  const SessionId session = new_session();
  for (const bool everything : {false, true}) {
    const uint64_t begun = cache.begin_fill(user);
    // There is nothing to drop, and still the change counts.
    everything ? cache.drop_all() : cache.drop(user);
    EXPECT_FALSE(cache.fill(begun, user, grants(), {}, entry(session)));
    EXPECT_FALSE(holds(user, session));
  }
  EXPECT_TRUE(fill(user, session));
}

// A store of versions, its readers and its writers. `fill` is what is under test.
template <class Fill>
int64_t count_stale_reads(NearCache& cache, UserId user, SessionId session, Fill fill) {
  std::atomic<int64_t> stored{0}, acknowledged{0}, stale{0};
  std::atomic<bool> done{false};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      while (!done) {
        const int64_t least = acknowledged;
        int64_t seen = -1;
        const bool held = cache.find(
            user, session, [&](const Holder&, Entry& entry) { return seen = core::to_millis(entry.created_at), true; });
        if (held) {
          if (seen < least) ++stale;
          continue;
        }
        const uint64_t begun = cache.begin_fill(user);
        const int64_t version = stored;
        std::this_thread::yield();  // the answer is on its way
        Entry entry{
            .session = session, .created_at = core::from_millis(version), .expires_at = t0, .last_active_at = t0};
        fill(begun, std::move(entry));
      }
    });
  for (int64_t version = 1; version <= 3000; ++version) {
    stored = version;
    cache.drop(user);
    acknowledged = version;
    if (version % 8 == 0) std::this_thread::yield();
  }
  done = true;
  threads.clear();
  return stale;
}

TEST_F(NearCacheTest, AFillNeverOvertakesAChange) {
  const UserId user = new_user();
  const SessionId session = new_session();
  EXPECT_EQ(
      count_stale_reads(cache, user, session,
                        [&](uint64_t begun, Entry entry) { cache.fill(begun, user, grants(), {}, std::move(entry)); }),
      0);
}

// The same readers, who forget when they began: the test above would notice.
TEST_F(NearCacheTest, WithoutTheSequenceItWould) {
  const UserId user = new_user();
  const SessionId session = new_session();
  int64_t stale = 0;
  for (int i = 0; i < 200 && stale == 0; ++i)
    stale = count_stale_reads(cache, user, session, [&](uint64_t, Entry entry) {
      cache.fill(cache.begin_fill(user), user, grants(), {}, std::move(entry));
    });
  EXPECT_GT(stale, 0);
}

}  // namespace
}  // namespace sessions
