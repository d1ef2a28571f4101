#include "crypto/random.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "crypto/secret.h"

namespace crypto {
namespace {

TEST(Random, BelowIsUniform) {
  const uint64_t seed = 7;
  printf("seed %llu\n", static_cast<unsigned long long>(seed));
  SeededRandom random(seed);
  constexpr uint32_t bound = 10;
  int counts[bound] = {};
  for (int i = 0; i < 100'000; ++i) ++counts[random.below(bound)];
  for (int count : counts) EXPECT_NEAR(count, 10'000, 500);
}

// Gives the words it was told, in order.
class ScriptedRandom final : public Random {
 public:
  explicit ScriptedRandom(std::vector<uint32_t> words) : words_(std::move(words)) {}
  void fill(std::span<uint8_t> out) override {
    ASSERT_EQ(out.size(), sizeof words_[0]);
    std::memcpy(out.data(), &words_.at(next_++), out.size());
  }
  size_t drawn() const { return next_; }

 private:
  std::vector<uint32_t> words_;
  size_t next_ = 0;
};

TEST(Random, BelowDrawsAgainWhereModuloWouldBeBiased) {
  // 2^32 mod 10 = 6: the draws 0..5 would be one too many for the results 0..5.
  ScriptedRandom random({0, 5, 6});
  EXPECT_EQ(random.below(10), 6u);
  EXPECT_EQ(random.drawn(), 3u);
  ScriptedRandom whole({0});
  EXPECT_EQ(whole.below(1u << 31), 0u);
}

TEST(Uuid7, HoldsTheTimeVersionAndVariant) {
  SystemRandom random;
  // The example of RFC 9562 appendix A.6.
  const std::string text = random.uuid7(core::from_millis(0x017F22E279B0)).str();
  EXPECT_EQ(text.substr(0, 15), "017f22e2-79b0-7");
  EXPECT_TRUE(std::string("89ab").find(text[19]) != std::string::npos) << text;
}

TEST(Uuid7, SortsByTime) {
  SystemRandom random;
  EXPECT_LT(random.uuid7(core::from_millis(1'800'000'000'000)), random.uuid7(core::from_millis(1'800'000'000'001)));
}

TEST(Uuid7, ThreadsNeverMakeTheSame) {
  SystemRandom random;
  std::vector<std::vector<core::Uuid>> made(4);
  {
    std::vector<std::jthread> threads;
    for (auto& ids : made) {
      threads.emplace_back([&] {
        for (int i = 0; i < 5000; ++i) ids.push_back(random.uuid7(core::from_millis(1)));
      });
    }
  }
  std::set<core::Uuid> all;
  for (const auto& ids : made) all.insert(ids.begin(), ids.end());
  EXPECT_EQ(all.size(), 20'000u);
}

TEST(SeededRandom, RepeatsItself) {
  SeededRandom one(1), again(1), other(2);
  std::array<uint8_t, 21> a{}, b{}, c{};
  one.fill(a), again.fill(b), other.fill(c);
  EXPECT_EQ(a, b);
  EXPECT_NE(a, c);
}

TEST(Secret, IsEmptyAfterMoving) {
  for (size_t size : {3u, 300u}) {
    Secret from(std::string(size, 'x'));
    Secret to(std::move(from));
    EXPECT_TRUE(from.empty());
    EXPECT_EQ(to.size(), size);
    Secret assigned(std::string("old"));
    assigned = std::move(to);
    EXPECT_TRUE(to.empty());
    EXPECT_EQ(assigned.expose(), std::string(size, 'x'));
  }
}

TEST(Secret, CopiesAndSurvivesSelfAssignment) {
  Secret one(std::string("value"));
  Secret two = one;
  Secret& alias = two;
  two = alias;
  two = std::move(alias);
  EXPECT_EQ(two.expose(), "value");
  one = Secret();
  EXPECT_TRUE(one.empty());
  EXPECT_EQ(two.expose(), "value");
}

TEST(Secret, WipesItsMemoryWhenItEnds) {
  alignas(Secret) unsigned char room[sizeof(Secret)];
  Secret* secret = new (room) Secret(std::string("short one"));
  const auto* at = reinterpret_cast<const unsigned char*>(secret->expose().data());
  ASSERT_GE(at, room) << "not kept inside of the object: another library's string";
  const size_t offset = static_cast<size_t>(at - room);
  ASSERT_EQ(std::memcmp(room + offset, "short one", 9), 0);
  secret->~Secret();
  EXPECT_EQ(std::memcmp(room + offset, "\0\0\0\0\0\0\0\0\0", 9), 0);
}

}  // namespace
}  // namespace crypto
