#include "core/lanes.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <stdexcept>

namespace core {
namespace {

using std::chrono::milliseconds;

struct Item {
  int given = 0, answer = 0;
  std::function<void(Item&, Result<>)> then = [](Item&, Result<>) {};
  void done(Result<> turn) { then(*this, std::move(turn)); }
};
using Items = std::span<Item* const>;

std::shared_ptr<Item> item(std::function<void(Item&, Result<>)> then, int given = 0) {
  return std::make_shared<Item>(given, 0, std::move(then));
}
void raise_to(std::atomic<int>& highest, int now) {
  for (int seen = highest; seen < now && !highest.compare_exchange_weak(seen, now);) {
  }
}

TEST(Lanes, EachIsWorkedOnOnceInFewLanesAndSmallGroupsAndThenDone) {
  std::atomic<int> inside{0}, most_inside{0}, largest{0}, wrong{0};
  constexpr int threads = 4, each = 2000;
  std::latch all(threads * each);
  Lanes<Item> lanes(2, 3, [&](Items items) {
    raise_to(most_inside, ++inside);
    raise_to(largest, static_cast<int>(items.size()));
    for (Item* one : items) one->answer += one->given * 2;
    --inside;
  });
  std::vector<std::jthread> submitters;
  for (int t = 0; t < threads; ++t)
    submitters.emplace_back([&, t] {
      for (int i = 0; i < each; ++i)
        lanes.submit(item(
            [&](Item& one, const Result<>& turn) {
              wrong += !turn || one.answer != one.given * 2;
              all.count_down();
            },
            t * each + i));
    });
  all.wait();
  EXPECT_EQ(wrong, 0);
  EXPECT_LE(most_inside, 2);
  EXPECT_LE(largest, 3);
}

TEST(Lanes, WhatComesMeanwhileGoesTogether) {
  std::latch entered(1), held(1), all(5);
  std::vector<size_t> sizes;
  Lanes<Item> lanes(1, 10, [&](Items items) {
    sizes.push_back(items.size());
    if (sizes.size() > 1) return;
    entered.count_down();
    held.wait();
  });
  const auto submit = [&] { lanes.submit(item([&](Item&, const Result<>&) { all.count_down(); })); };
  submit();
  entered.wait();
  for (int i = 0; i < 4; ++i) submit();
  held.count_down();
  all.wait();
  EXPECT_EQ(sizes, (std::vector<size_t>{1, 4}));
}

TEST(Lanes, AFurtherLaneOpensForAFullLoad) {
  std::latch held(1), all(5);
  std::atomic<int> entered{0};
  Lanes<Item> lanes(2, 4, [&](Items) {
    ++entered;
    held.wait();
  });
  const auto submit = [&] { lanes.submit(item([&](Item&, const Result<>&) { all.count_down(); })); };
  submit();
  while (entered != 1) std::this_thread::yield();
  for (int i = 0; i < 3; ++i) submit();
  std::this_thread::sleep_for(milliseconds(50));
  EXPECT_EQ(entered, 1) << "three are no full load";
  submit();
  while (entered != 2) std::this_thread::yield();
  held.count_down();
  all.wait();
}

TEST(Lanes, ALaneIsFreeWhileItsLoadIsFinished) {
  std::promise<void> second_worked;
  std::atomic<int> worked{0};
  std::latch all(2);
  Lanes<Item> lanes(1, 1, [&](Items) {
    if (++worked == 2) second_worked.set_value();
  });
  auto seen = second_worked.get_future();
  lanes.submit(item([&](Item&, const Result<>&) { seen.wait(), all.count_down(); }));
  lanes.submit(item([&](Item&, const Result<>&) { all.count_down(); }));
  all.wait();
}

TEST(Lanes, WhoseTurnDoesNotComeInTimeIsToldAndNotWorkedOn) {
  std::latch entered(1), held(1);
  std::promise<Result<>> told;
  Lanes<Item> lanes(
      1, 10,
      [&](Items items) {
        for (Item* one : items) one->answer = 1;
        entered.count_down();
        held.wait();
      },
      milliseconds(50));
  lanes.submit(item([](Item& one, const Result<>& turn) { EXPECT_TRUE(turn && one.answer == 1); }));
  entered.wait();
  lanes.submit(item([&](Item& one, Result<> turn) {
    EXPECT_EQ(one.answer, 0);
    told.set_value(std::move(turn));
  }));
  EXPECT_EQ(told.get_future().get().error().code, Code::store_unavailable);
  held.count_down();
}

TEST(Lanes, WhatIsThrownHarmsNobodyElse) {
  std::latch all(3);
  int calls = 0;
  Lanes<Item> lanes(1, 1, [&](Items items) {
    if (++calls == 1) throw std::runtime_error("once");
    items[0]->answer = 7;
  });
  lanes.submit(item([&](Item& one, const Result<>& turn) {
    EXPECT_TRUE(turn && one.answer == 0);
    all.count_down();
  }));
  lanes.submit(item([&](Item&, const Result<>&) {
    all.count_down();
    throw std::runtime_error("when it was done");
  }));
  lanes.submit(item([&](Item& one, const Result<>&) {
    EXPECT_EQ(one.answer, 7);
    all.count_down();
  }));
  all.wait();
}

TEST(Lanes, TheEndComesAfterWhatWasSubmitted) {
  std::atomic<int> done{0};
  {
    Lanes<Item> lanes(1, 2, [](Items) { std::this_thread::sleep_for(milliseconds(5)); });
    for (int i = 0; i < 20; ++i) lanes.submit(item([&](Item&, const Result<>&) { ++done; }));
  }
  EXPECT_EQ(done, 20);
}

}  // namespace
}  // namespace core
