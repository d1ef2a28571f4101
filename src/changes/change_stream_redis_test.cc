// The stream of changes on a real Redis.
#include "changes/change_stream_redis.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "changes/change_for_test.h"
#include "tests/support/redis_call.h"
#include "tests/support/redis_server.h"

namespace changes {
namespace {

using core::Millis;

class RedisStreamTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!server) GTEST_SKIP() << "skipped: no redis-server";
    config.url = crypto::Secret(server->url());
    reader = create();
    writer = create();
    ASSERT_TRUE(writer->join());
    position = reader->join().value();
  }
  std::unique_ptr<Stream> create() { return create_redis_stream(config.address().value(), config, random); }
  std::string redis(std::initializer_list<std::string_view> words) {
    const auto reply = test::redis(config, words);
    // Ids count milliseconds: a stream that begins anew in the same one is silent until the next.
    std::this_thread::sleep_for(Millis(2));
    return reply ? reply->text : reply.error().cause;
  }
  // Entries with changes, read on from the position.
  std::vector<StreamEntry> read() {
    std::vector<StreamEntry> found;
    for (auto& entry : reader->read(position).value()) {
      position = {entry.id, entry.mark};
      found.push_back(std::move(entry));
    }
    return found;
  }

  std::unique_ptr<support::RedisServer> server = support::RedisServer::start();
  cache::Config config;
  crypto::SystemRandom random;
  std::unique_ptr<Stream> reader, writer;
  StreamPosition position;
};

TEST_F(RedisStreamTest, WhatIsPublishedIsReadInOrderAndWithoutAGap) {
  const std::vector<Change> some = {change(1), change(2, Kind::user), change(0, Kind::roles), change(0, Kind::keys)};
  ASSERT_TRUE(writer->publish(some));
  ASSERT_TRUE(writer->publish(std::vector{change(3)}));
  const auto entries = read();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].changes, some);
  EXPECT_EQ(entries[1].changes, std::vector{change(3)});
  EXPECT_FALSE(entries[0].unknown);
  EXPECT_TRUE(follows(entries[0].mark, entries[1].mark));
}

TEST_F(RedisStreamTest, AReadWaitsAMomentAndNoLonger) {
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(read().empty());
  const auto waited = std::chrono::steady_clock::now() - began;
  EXPECT_GE(waited, Millis(100));
  EXPECT_LT(waited, Millis(450));
  std::thread later([&] {
    std::this_thread::sleep_for(Millis(30));
    EXPECT_TRUE(writer->publish(std::vector{change(1)}));
  });
  EXPECT_EQ(read().size(), 1u);
  later.join();
}

TEST_F(RedisStreamTest, APolicyThatMayDropEntriesIsTold) {
  EXPECT_TRUE(read().empty());
  EXPECT_EQ(reader->eviction_policy(), "");
  redis({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"});
  const auto again = [&] {
    position = reader->join().value();
    read();
    return reader->eviction_policy();
  };
  EXPECT_EQ(again(), "") << "without a limit there is nothing to evict";
  redis({"CONFIG", "SET", "maxmemory", "100mb"});
  EXPECT_EQ(again(), "allkeys-lru");
  redis({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
  EXPECT_EQ(again(), "");
}

// Twenty callers at a Redis that stands still: none waits for those before him.
TEST_F(RedisStreamTest, NobodyWaitsForTheSumOfAllThatPublish) {
  server->pause();
  const auto began = std::chrono::steady_clock::now();
  std::vector<std::thread> callers;
  for (int i = 0; i < 20; ++i) callers.emplace_back([&] { EXPECT_FALSE(writer->publish(std::vector{change(1)})); });
  for (auto& caller : callers) caller.join();
  EXPECT_LT(std::chrono::steady_clock::now() - began, Millis(700));
  server->resume();
}

// Ids that went back after a fail-over, or a writer that is connected elsewhere, look like that.
TEST_F(RedisStreamTest, ALongSilenceIsAnError) {
  const auto began = std::chrono::steady_clock::now();
  while (reader->read(position)) ASSERT_LT(std::chrono::steady_clock::now() - began, Millis(5000));
  EXPECT_GE(std::chrono::steady_clock::now() - began, Millis(900));
  position = reader->join().value();
  EXPECT_TRUE(reader->read(position));
}

TEST_F(RedisStreamTest, SignsOfLifeAreGivenOnceForAll) {
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(writer->publish({}) && reader->publish({}));
  const auto entries = read();
  EXPECT_GE(entries.size(), 1u);
  EXPECT_LT(entries.size(), 30u);
  for (const auto& entry : entries) EXPECT_TRUE(entry.changes.empty() && !entry.unknown);
}

TEST_F(RedisStreamTest, ManyPublishersLeaveNoGap) {
  constexpr int threads = 8, each = 100;
  std::vector<std::thread> all;
  for (uint8_t t = 0; t < threads; ++t)
    all.emplace_back([&, t] {
      for (int i = 0; i < each; ++i) EXPECT_TRUE(writer->publish(std::vector{change(t)}));
    });
  for (auto& thread : all) thread.join();
  std::optional<Mark> last;
  for (size_t count = 0; count < threads * each;) {
    const auto entries = read();
    ASSERT_FALSE(entries.empty());
    for (const auto& entry : entries) {
      EXPECT_TRUE(follows(last, entry.mark)) << entry.mark.number;
      last = entry.mark;
    }
    count += entries.size();
  }
}

// Also when the new numbers run on where the old ones stopped, and when one node begins both.
TEST_F(RedisStreamTest, AfterAFlushAnotherEpochBegins) {
  std::set<std::string> epochs;
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(writer->publish(std::vector{change(1)}));
    const auto entries = read();
    ASSERT_EQ(entries.size(), 1u);
    epochs.insert(entries[0].mark.epoch);
    EXPECT_EQ(redis({"FLUSHALL"}), "OK");
  }
  EXPECT_EQ(epochs.size(), 3u);
}

// An eviction may take one key and leave the other.
TEST_F(RedisStreamTest, HalfOfItGoneIsSeen) {
  ASSERT_TRUE(writer->publish(std::vector{change(1)}));
  const auto before = read();
  redis({"DEL", "usher:{changes}:state"});
  ASSERT_TRUE(writer->publish(std::vector{change(2)}));
  const auto after = read();
  ASSERT_EQ(after.size(), 1u);
  EXPECT_FALSE(follows(before[0].mark, after[0].mark));
  ASSERT_TRUE(writer->publish(std::vector{change(3)}));
  redis({"DEL", "usher:{changes}:entries"});
  ASSERT_TRUE(writer->publish(std::vector{change(4)}));
  const auto later = read();
  ASSERT_EQ(later.size(), 1u);
  EXPECT_FALSE(follows(after[0].mark, later[0].mark)) << "the entry of change 3 was never read";
}

TEST_F(RedisStreamTest, WhatSomebodyElseWroteIsAnError) {
  ASSERT_TRUE(writer->publish(std::vector{change(1)}));
  redis({"XADD", "usher:{changes}:entries", "*", "a", "b"});
  EXPECT_FALSE(reader->read(position));
  EXPECT_FALSE(reader->join());
  redis({"SET", "usher:{changes}:entries", "x"});
  EXPECT_FALSE(writer->publish(std::vector{change(1)}));
}

TEST_F(RedisStreamTest, AChangeOfANewerVersionIsToldAsUnknown) {
  ASSERT_TRUE(writer->publish(std::vector{change(1)}));
  const Mark last = read()[0].mark;
  redis({"XADD", "usher:{changes}:entries", "*", "e", last.epoch, "n", std::to_string(last.number + 1), "c",
         "devices 00000000-0000-0000-0000-000000000001 session 00000000-0000-0000-0000-000000000002 odd"});
  const auto entries = read();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_TRUE(entries[0].unknown);
  EXPECT_EQ(entries[0].changes, std::vector{change(2)});
}

TEST_F(RedisStreamTest, ARedisThatStandsStillIsGivenUpSoonAndFoundAgain) {
  server->pause();
  const auto began = std::chrono::steady_clock::now();
  EXPECT_FALSE(writer->publish(std::vector{change(1)}));
  EXPECT_FALSE(writer->publish(std::vector{change(1)}));
  EXPECT_LT(std::chrono::steady_clock::now() - began, Millis(500)) << "the second does not wait";
  EXPECT_FALSE(writer->read(position)) << "so that it is joined anew";
  EXPECT_FALSE(reader->read(position));
  server->resume();
  ASSERT_TRUE(writer->join());
  EXPECT_TRUE(writer->publish(std::vector{change(2)}));
}

TEST_F(RedisStreamTest, ARestartIsFoundAgain) {
  server->restart();
  EXPECT_FALSE(writer->publish(std::vector{change(1)}));
  EXPECT_FALSE(reader->read(position));
  ASSERT_TRUE(writer->join());
  position = reader->join().value();
  ASSERT_TRUE(writer->publish(std::vector{change(2)}));
  EXPECT_EQ(read().size(), 1u);
}

}  // namespace
}  // namespace changes
