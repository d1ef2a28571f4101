#include "passwords/hasher.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>

#include "passwords/password_config.h"

namespace passwords {
namespace {

using crypto::Secret;
constexpr crypto::Argon2Cost cheap{.memory_kib = 64, .passes = 1};
constexpr crypto::Argon2Cost slow{.memory_kib = 64 * 1024, .passes = 4};

Secret secret(const char* text) { return Secret(std::string(text)); }

std::unique_ptr<Hasher> create(core::Metrics& metrics, Hasher::Options options = {.cost = cheap, .threads = 2}) {
  auto hasher = Hasher::create(options, metrics);
  EXPECT_TRUE(hasher);
  return std::move(*hasher);
}

TEST(Hasher, VerifiesWhatItHashed) {
  core::Metrics metrics;
  const auto hasher = create(metrics);
  const auto phc = hasher->hash(secret("correct horse"));
  ASSERT_TRUE(phc);
  EXPECT_TRUE(hasher->verify(*phc, secret("correct horse")).value());
  EXPECT_FALSE(hasher->verify(*phc, secret("correct horse ")).value());
  EXPECT_FALSE(hasher->verify("not a hash", secret("correct horse")).value());
  EXPECT_FALSE(hasher->verify_nothing(secret("correct horse")).value());
}

TEST(Hasher, PasswordsDifferBehindNulAndBeyond72Bytes) {
  core::Metrics metrics;
  const auto hasher = create(metrics);
  const std::string with_nul("abcd\0efgh", 9), end_differs("abcd\0efgi", 9), long_one(200, 'x');
  EXPECT_FALSE(hasher->verify(hasher->hash(Secret(with_nul)).value(), Secret(end_differs)).value());
  EXPECT_FALSE(hasher->verify(hasher->hash(Secret(long_one)).value(), Secret(long_one + "x")).value());
}

TEST(Hasher, ACostThatCannotBePaidIsRefused) {
  core::Metrics metrics;
  EXPECT_FALSE(Hasher::create({.cost = {.memory_kib = 1, .passes = 1}}, metrics));
}

TEST(Hasher, AnotherCostAsksForARehash) {
  core::Metrics metrics;
  const auto hasher = create(metrics);
  const auto phc = hasher->hash(secret("correct horse")).value();
  EXPECT_FALSE(hasher->needs_rehash(phc));
  EXPECT_TRUE(hasher->needs_rehash(crypto::hash_password(secret("x"), {.memory_kib = 128, .passes = 1}).value()));
  EXPECT_TRUE(hasher->needs_rehash("$2b$10$abc"));
}

TEST(Hasher, AFullQueueRefusesAtOnce) {
  core::Metrics metrics;
  const auto hasher = create(metrics, {.cost = slow, .threads = 1, .queue = 2});
  std::atomic<int> hashed{0}, refused{0};
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 20; ++i)
      callers.emplace_back([&] {
        const auto phc = hasher->hash(secret("correct horse"));
        if (!phc) EXPECT_EQ(phc.error().code, core::Code::overloaded);
        ++(phc ? hashed : refused);
      });
  }
  EXPECT_EQ(hashed + refused, 20);
  EXPECT_GE(hashed, 2);
  EXPECT_GE(refused, 10);
}

TEST(Hasher, StoppingSendsThoseWhoWaitHome) {
  core::Metrics metrics;
  auto hasher = create(metrics, {.cost = slow, .threads = 1, .queue = 100});
  std::atomic<int> hashed{0}, refused{0};
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 10; ++i)
      callers.emplace_back([&] { ++(hasher->hash(secret("correct horse")) ? hashed : refused); });
    while (metrics.render().find("usher_password_hash_queue 9") == std::string::npos) std::this_thread::yield();
    hasher->stop();
  }
  EXPECT_EQ(hashed, 1);
  EXPECT_EQ(refused, 9);
  EXPECT_EQ(hasher->verify_nothing(secret("x")).error().code, core::Code::overloaded);
}

TEST(Hasher, ManyCallersGetTheirOwnAnswer) {
  core::Metrics metrics;
  const auto hasher = create(metrics, {.cost = cheap, .threads = 4, .queue = 100});
  std::vector<std::jthread> callers;
  for (int i = 0; i < 16; ++i)
    callers.emplace_back([&, i] {
      const Secret own("password number " + std::to_string(i));
      for (int round = 0; round < 20; ++round) {
        const auto phc = hasher->hash(own);
        ASSERT_TRUE(phc);
        EXPECT_TRUE(hasher->verify(*phc, own).value());
        EXPECT_FALSE(hasher->verify(*phc, secret("other")).value());
      }
    });
}

TEST(Hasher, RunsBelowNormalPriorityAndIsMeasured) {
  core::Metrics metrics;
  const auto hasher = create(metrics);
  ASSERT_TRUE(hasher->hash(secret("correct horse")));
  int lowered = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task"))
    lowered += getpriority(PRIO_PROCESS, static_cast<id_t>(std::stoi(task.path().filename()))) >= 10;
  EXPECT_GE(lowered, 1);
  EXPECT_LT(getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())), 10) << "only the lane's threads are lowered";
  EXPECT_NE(metrics.render().find("usher_password_hash_seconds_count 1"), std::string::npos) << metrics.render();
}

double median_ms(std::vector<double> times) {
  std::ranges::nth_element(times, times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2));
  return times[times.size() / 2];
}

template <class F>
double milliseconds(F work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

TEST(Hasher, AnUnknownAccountCostsWhatAWrongPasswordCosts) {
  core::Metrics metrics;
  const auto hasher = create(metrics, {.cost = {}, .threads = 1});
  const auto phc = hasher->hash(secret("correct horse")).value();
  std::vector<double> known, unknown;
  for (int i = 0; i < 40; ++i) {  // alternating, so that both see the same noise
    known.push_back(milliseconds([&] { EXPECT_FALSE(hasher->verify(phc, secret("wrong one")).value()); }));
    unknown.push_back(milliseconds([&] { EXPECT_FALSE(hasher->verify_nothing(secret("wrong one")).value()); }));
  }
  const double ratio = median_ms(unknown) / median_ms(known);
  std::printf("wrong password %.2f ms, unknown account %.2f ms (medians of 40), ratio %.3f\n", median_ms(known),
              median_ms(unknown), ratio);
  EXPECT_GT(ratio, 0.8);
  EXPECT_LT(ratio, 1.25);
}

// {SSHA} of "correct horse" with the salt "saltsalt", by python3's hashlib.
constexpr const char* imported = "{SSHA}awc/Cj0kafyFd5d8fGn07xoHBJJzYWx0c2FsdA==";

TEST(Hasher, VerifiesAnImportedHashAndAsksForARehash) {
  core::Metrics metrics;
  const auto hasher = create(metrics);
  EXPECT_TRUE(hasher->verify(imported, secret("correct horse")).value());
  EXPECT_FALSE(hasher->verify(imported, secret("correct horsf")).value());
  EXPECT_FALSE(hasher->verify("", secret("")).value()) << "an account without a password";
  EXPECT_TRUE(hasher->needs_rehash(imported));
}

// The quickest kind and none at all: the time must not tell them from an account that does not exist.
TEST(Hasher, AWrongPasswordOfAnImportedAccountCostsNoLessThanAnUnknownAccount) {
  core::Metrics metrics;
  const auto hasher = create(metrics, {.cost = {}, .threads = 1});
  for (const char* stored : {imported, ""}) {
    std::vector<double> known, unknown;
    for (int i = 0; i < 40; ++i) {
      known.push_back(milliseconds([&] { EXPECT_FALSE(hasher->verify(stored, secret("wrong one")).value()); }));
      unknown.push_back(milliseconds([&] { EXPECT_FALSE(hasher->verify_nothing(secret("wrong one")).value()); }));
    }
    const double ratio = median_ms(unknown) / median_ms(known);
    EXPECT_GT(ratio, 0.8) << stored;
    EXPECT_LT(ratio, 1.25) << stored;
  }
}

TEST(PasswordConfig, AcceptsWhatOwaspCallsEqual) {
  for (const auto& least : least_costs) {
    EXPECT_TRUE(check({.memory_kib = least.memory_kib, .passes = least.passes}));
    EXPECT_TRUE(check({.memory_kib = least.memory_kib + 1, .passes = least.passes}));
    if (least.passes > 1) EXPECT_FALSE(check({.memory_kib = least.memory_kib, .passes = least.passes - 1}));
    EXPECT_FALSE(check({.memory_kib = 7167, .passes = least.passes}));
  }
  EXPECT_TRUE(check(Config{}));
  EXPECT_FALSE(check({.memory_kib = 262144, .passes = 64}));
}

}  // namespace
}  // namespace passwords
