#include "core/combiner.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

namespace core {
namespace {

struct Item {
  int given = 0, answer = 0;
};

TEST(Combiner, EachIsWorkedOnOnceInFewLanesAndSmallGroups) {
  std::atomic<int> inside{0}, most_inside{0}, largest{0};
  Combiner<Item> combiner(2, 3, [&](std::span<Item* const> items) {
    for (int seen = most_inside, now = ++inside; seen < now && !most_inside.compare_exchange_weak(seen, now);) {
    }
    for (int seen = largest, now = static_cast<int>(items.size());
         seen < now && !largest.compare_exchange_weak(seen, now);) {
    }
    for (Item* item : items) item->answer += item->given * 2;
    --inside;
  });
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 2000; ++i) {
          Item item{.given = t * 10'000 + i};
          combiner.run(item);
          wrong += item.answer != item.given * 2;
        }
      });
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_LE(most_inside, 2);
  EXPECT_LE(largest, 3);
}

TEST(Combiner, WhatComesMeanwhileGoesTogether) {
  std::atomic<bool> held{true}, entered{false};
  std::vector<size_t> sizes;
  Combiner<Item> combiner(1, 10, [&](std::span<Item* const> items) {
    sizes.push_back(items.size());
    entered = true;
    while (held) std::this_thread::yield();
  });
  std::vector<std::jthread> threads;
  const auto start = [&] {
    threads.emplace_back([&] {
      Item item;
      combiner.run(item);
    });
  };
  start();
  while (!entered) std::this_thread::yield();
  for (int i = 0; i < 4; ++i) start();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  held = false;
  threads.clear();
  size_t total = 0;
  for (const size_t size : sizes) total += size;
  EXPECT_EQ(total, 5u);
  EXPECT_EQ(sizes.front(), 1u);
  EXPECT_LT(sizes.size(), 5u);
}

TEST(Combiner, AFurtherLaneOpensForAFullLoad) {
  std::atomic<bool> held{true};
  std::atomic<int> entered{0}, done{0};
  Combiner<Item> combiner(2, 4, [&](std::span<Item* const> items) {
    ++entered;
    while (held) std::this_thread::yield();
    done += static_cast<int>(items.size());
  });
  std::vector<std::jthread> threads;
  const auto start = [&](int more) {
    for (int i = 0; i < more; ++i)
      threads.emplace_back([&] {
        Item item;
        combiner.run(item);
      });
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  };
  start(1);
  start(3);
  EXPECT_EQ(entered, 1);
  start(1);
  EXPECT_EQ(entered, 2);
  held = false;
  threads.clear();
  EXPECT_EQ(done, 5);
  EXPECT_EQ(entered, 2) << "the four that waited went together";
}

TEST(Combiner, WhoseTurnDoesNotComeLeaves) {
  std::atomic<bool> held{true}, entered{false};
  Combiner<Item> combiner(1, 10, [&](std::span<Item* const> items) {
    entered = true;
    while (held) std::this_thread::yield();
    for (Item* item : items) item->answer = 1;
  });
  Item first, second, third;
  std::jthread leader([&] { EXPECT_TRUE(combiner.run(first)); });
  while (!entered) std::this_thread::yield();
  EXPECT_FALSE(combiner.run(second, std::chrono::milliseconds(20)));
  held = false;
  leader.join();
  EXPECT_TRUE(combiner.run(third));
  EXPECT_EQ(first.answer + third.answer, 2);
  EXPECT_EQ(second.answer, 0);
}

TEST(Combiner, WhatTheWorkThrowsEndsNothing) {
  Combiner<Item> combiner(1, 4, [](std::span<Item* const> items) {
    if (items.front()->given < 0) throw std::runtime_error("thrown");
    for (Item* item : items) item->answer = 1;
  });
  Item bad{.given = -1}, good;
  EXPECT_THROW(combiner.run(bad), std::runtime_error);
  combiner.run(good);
  EXPECT_EQ(good.answer, 1);
}

TEST(Combiner, WhoWaitsIsToldAlsoWhenTheWorkThrows) {
  std::atomic<int> entered{0}, thrown{0}, ended{0};
  std::atomic<bool> held{true};
  Combiner<Item> combiner(1, 4, [&](std::span<Item* const>) {
    ++entered;
    while (held) std::this_thread::yield();
    throw std::runtime_error("thrown");
  });
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      Item item;
      try {
        combiner.run(item);
      } catch (const std::runtime_error&) {
        ++thrown;
      }
      ++ended;
    });
  while (entered == 0) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  held = false;
  threads.clear();
  EXPECT_EQ(ended, 8);
  EXPECT_EQ(thrown, entered) << "each to one of those it worked for";
}

}  // namespace
}  // namespace core
