#include "http/server/workers.h"

#include <gtest/gtest.h>

#include <latch>

namespace http {
namespace {

TEST(Workers, RefuseWhenTheQueueIsFull) {
  std::latch go(1);
  std::atomic<int> ran{0};
  Workers workers(1, 2);
  const auto work = [&] { return [&] { go.wait(), ++ran; }; };
  ASSERT_TRUE(workers.reserve());
  workers.submit(work());
  while (workers.running() == 0) std::this_thread::yield();
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(workers.reserve());
    workers.submit(work());
  }
  EXPECT_FALSE(workers.reserve());
  EXPECT_EQ(workers.queued(), 2u);
  go.count_down();
  workers.finish();
  EXPECT_EQ(ran, 3);
}

TEST(Workers, FinishRunsWhatWasReservedBefore) {
  std::atomic<int> ran{0};
  Workers workers(4, 1000);
  std::thread feeder([&] {
    for (int i = 0; i < 500 && workers.reserve(); ++i) workers.submit([&] { ++ran; });
  });
  ASSERT_TRUE(workers.reserve());
  std::thread finisher([&] { workers.finish(); });
  workers.submit([&] { ran += 1000; });
  feeder.join();
  finisher.join();
  EXPECT_GE(ran, 1000);
  EXPECT_EQ(workers.queued(), 0u);
  EXPECT_FALSE(workers.reserve());
}

}  // namespace
}  // namespace http
