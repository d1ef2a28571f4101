#include "devices/user_agent.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "core/utf8.h"
#include "devices/clean_text.h"

extern "C" const char usher_user_agent_rules_begin[], usher_user_agent_rules_end[];

namespace devices {
namespace {

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define USHER_SANITIZED 1
#endif
#endif
#if defined(USHER_SANITIZED) || !defined(__OPTIMIZE__)
constexpr int slower = 20;  // built for looking, not for speed
#else
constexpr int slower = 1;
#endif

std::filesystem::path vectors() {
  const char* set = std::getenv("USHER_VECTORS");
  return set ? set : std::string(USHER_SOURCE_DIR) + "/../shared/vectors";
}

struct Case {
  std::string text, family, major;
};

// A scalar as these files write them: 'it''s', "as is" or plain.
std::string scalar(std::string_view line) {
  size_t start = line.find(':') + 1;
  while (start < line.size() && line[start] == ' ') ++start;
  std::string value(line.substr(start));
  while (!value.empty() && (value.back() == ' ' || value.back() == '\r')) value.pop_back();
  if (value.size() < 2 || (value[0] != '\'' && value[0] != '"')) return value;
  const bool doubled = value[0] == '\'';
  value = value.substr(1, value.size() - 2);
  for (size_t at = 0; doubled && (at = value.find("''", at)) != value.npos; ++at) value.erase(at, 1);
  return value;
}

std::vector<Case> read_cases(const std::filesystem::path& path) {
  std::vector<Case> cases;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.contains("user_agent_string:"))
      cases.push_back({.text = scalar(line.substr(line.find("user_agent_string")))});
    if (line.starts_with("    family:")) cases.back().family = scalar(line);
    if (line.starts_with("    major:")) cases.back().major = scalar(line);
  }
  return cases;
}

struct Agreement {
  size_t cases = 0, families = 0, majors = 0;
};

Agreement compare(const std::vector<Case>& cases, std::string UserAgent::* family, std::string UserAgent::* major) {
  const UserAgents agents;
  Agreement agreement{.cases = cases.size()};
  for (const Case& one : cases) {
    const UserAgent agent = agents.parse(one.text);
    const bool agrees = agent.*family == one.family;
    agreement.families += agrees;
    agreement.majors += agrees && agent.*major == one.major;
    if (!agrees) std::printf("  %s instead of %s: %s\n", (agent.*family).c_str(), one.family.c_str(), one.text.c_str());
  }
  std::printf("%zu cases, %zu families agree (%.2f %%), %zu with their major version\n", agreement.cases,
              agreement.families, 100.0 * agreement.families / agreement.cases, agreement.majors);
  return agreement;
}

// The best of five: what is measured is the matcher, not the machine's other work.
// Of this thread's processor time: a busy machine must not fail a test.
double micros_used() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

double best_micros(const UserAgents& agents, std::string_view text) {
  double best = 1e9;
  for (int i = 0; i < 5; ++i) {
    const double start = micros_used();
    agents.parse(text);
    best = std::min(best, micros_used() - start);
  }
  return best;
}

TEST(UserAgents, NameTheBrowsersOfThePublicCases) {
  const auto cases = read_cases(vectors() / "user-agents/test_ua.yaml");
  if (cases.empty()) GTEST_SKIP() << "skipped: no vectors";
  const auto agreement = compare(cases, &UserAgent::browser_family, &UserAgent::browser_major);
  EXPECT_GE(agreement.cases, 1600u);
  EXPECT_GE(agreement.families * 1000, agreement.cases * 990);
}

TEST(UserAgents, NameTheSystemsOfThePublicCases) {
  for (const char* name : {"test_os.yaml", "additional_os_tests.yaml"}) {
    const auto cases = read_cases(vectors() / "user-agents" / name);
    if (cases.empty()) GTEST_SKIP() << "skipped: no vectors";
    const auto agreement = compare(cases, &UserAgent::os_family, &UserAgent::os_major);
    EXPECT_GE(agreement.families * 1000, agreement.cases * 990) << name;
  }
}

TEST(UserAgents, AnswerAThousandTimesASecondWithoutTheirMemory) {
  const auto cases = read_cases(vectors() / "user-agents/test_ua.yaml");
  if (cases.empty()) GTEST_SKIP() << "skipped: no vectors";
  const UserAgents agents(0);
  for (const Case& one : cases) agents.parse(one.text);
  std::vector<double> micros;
  for (const Case& one : cases) micros.push_back(best_micros(agents, one.text));
  std::ranges::sort(micros);
  const double p99 = micros[micros.size() * 99 / 100];
  std::printf("%zu cases: median %.0f us, p99 %.0f us\n", micros.size(), micros[micros.size() / 2], p99);
  EXPECT_LT(p99, 1000 * slower);
}

TEST(UserAgents, EveryRuleCompilesInItsMemory) {
  std::string_view lines(usher_user_agent_rules_begin, usher_user_agent_rules_end);
  size_t count = 0;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(line.size() + 1);
    RE2::Options options;
    options.set_encoding(RE2::Options::EncodingLatin1);
    options.set_max_mem(rule_memory);
    const std::string_view regex = line.substr(line.rfind('\t') + 1);
    const RE2 compiled(re2::StringPiece(regex.data(), regex.size()), options);
    EXPECT_TRUE(compiled.ok()) << compiled.error() << ": " << regex;
    EXPECT_EQ(std::ranges::count(line, '\t'), 5) << line;
    ++count;
  }
  std::printf("%zu rules\n", count);
  EXPECT_GT(count, 500u);
}

TEST(UserAgents, AnUnknownProgramIsOther) {
  const UserAgents agents;
  for (const char* text : {"", " ", "?", "zzz", "Mozilla/5.0"}) {
    EXPECT_EQ(agents.parse(text), (UserAgent{"Other", "", "Other", "", "Other"})) << text;
  }
}

TEST(UserAgents, ReadABrowserOnATelephone) {
  const UserAgents agents;
  const auto agent = agents.parse(
      "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 "
      "Mobile/15E148 Safari/604.1");
  EXPECT_EQ(agent, (UserAgent{"Mobile Safari", "17", "iOS", "17", "iPhone"}));
}

TEST(UserAgents, WhatFollows512BytesIsIgnored) {
  const UserAgents agents;
  EXPECT_EQ(agents.parse(std::string(510, ' ') + "curl/7.88.1").browser_family, "Other");
  EXPECT_EQ(agents.parse("curl/7.88.1" + std::string(100'000, 'x')).browser_family, "curl");
}

TEST(UserAgents, TheMemoryOfAnswersIsBoundedAndChangesNone) {
  const UserAgents small(2), none(0);
  const std::string texts[] = {"curl/7.88.1", "Wget/1.21.3", "okhttp/4.9.0", "curl/8.0"};
  for (int round = 0; round < 3; ++round) {
    for (const auto& text : texts) {
      EXPECT_EQ(small.parse(text), none.parse(text));
      EXPECT_LE(small.remembered(), 2u);
    }
  }
  EXPECT_EQ(none.remembered(), 0u);
}

TEST(UserAgents, ManyThreadsMayStartAtOnce) {
  const UserAgents agents(8);
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        const auto major = std::to_string(i % 20);
        const auto agent =
            agents.parse("Mozilla/5.0 (X11; Linux x86_64; rv:10.0) Gecko/20100101 Firefox/" + major + ".0");
        wrong += agent != UserAgent{"Firefox", major, "Linux", "", "Other"};
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

std::vector<std::string> hostile_texts() {
  std::vector<std::string> texts;
  auto repeat = [](std::string_view part) {
    std::string text;
    while (text.size() < 100'000) text += part;
    return text;
  };
  for (std::string_view part : {"a",
                                " ",
                                "(",
                                "((((",
                                "Mozilla/5.0 (",
                                "bot",
                                "Bot ",
                                "crawl",
                                "spider/",
                                "; Android ",
                                "a-",
                                "A1",
                                "1.",
                                "/",
                                "iPhone OS ",
                                "Chrome/1 ",
                                "\xff",
                                "\xc3",
                                "\xf0\x9f\x98\x80",
                                "CFNetwork/ Darwin/",
                                "[]:!-_ ",
                                "Windows NT "}) {
    texts.push_back(repeat(part));
    texts.push_back("Mozilla/5.0 (" + texts.back());
  }
  texts.emplace_back("\0\0curl/7\0\r\nX: y", 15);
  texts.emplace_back("<script>alert(1)</script>/1.0 bot");
  texts.emplace_back("${jndi:ldap://x/a} {{7*7}} %n%s $1 \\1");
  std::ifstream naughty(vectors() / "naughty-strings/blns.txt");
  for (std::string line; std::getline(naughty, line);) {
    texts.push_back(line);
    texts.push_back("Mozilla/5.0 (X11; " + line + ") AppleWebKit/537.36 Chrome/1 " + line + " bot");
  }
  return texts;
}

TEST(UserAgents, NoTextTakesLongOrGivesAnythingUnclean) {
  const UserAgents agents(0);
  const auto texts = hostile_texts();
  for (const auto& text : texts) agents.parse(text);
  double slowest = 0;
  for (const auto& text : texts) {
    const double best = best_micros(agents, text);
    const UserAgent agent = agents.parse(text);
    for (const auto& part :
         {agent.browser_family, agent.browser_major, agent.os_family, agent.os_major, agent.device_family})
      EXPECT_EQ(part, clean_text(part, 100)) << text.substr(0, 100);
    EXPECT_LT(best, 3000 * slower) << text.substr(0, 100);
    slowest = std::max(slowest, best);
  }
  std::printf("%zu hostile texts, the slowest %.0f us\n", texts.size(), slowest);
}

TEST(UserAgents, SurviveRandomBytesAroundTheirWords) {
  const unsigned seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  const UserAgents agents(16);
  const std::string_view words[] = {"Mozilla/5.0 ", "(",       ")",       "; ",  "Android ",
                                    "iPhone",       "Chrome/", "Safari/", "bot", "/1.2"};
  for (int i = 0; i < 500; ++i) {
    std::string text;
    for (int n = random() % 60; n > 0; --n) {
      if (random() % 2) text += words[random() % std::size(words)];
      else text += static_cast<char>(random());
    }
    const auto agent = agents.parse(text);
    EXPECT_TRUE(core::count_code_points(agent.browser_family));
    EXPECT_FALSE(agent.browser_family.contains('\0'));
  }
}

TEST(CleanText, DropsWhatIsNotTextAndCutsBetweenCharacters) {
  EXPECT_EQ(clean_text("  a\r\nb\x7f\xc2\x85"
                       "c  ",
                       10),
            "abc");
  EXPECT_EQ(clean_text("\xff\xc3(\xed\xa0\x80\xc0\xafx", 10), "(x");
  EXPECT_EQ(clean_text("\xc3\xa4\xc3\xb6\xc3\xbc", 2), "\xc3\xa4\xc3\xb6");
  EXPECT_EQ(clean_text(std::string_view("a\0b", 3), 10), "ab");
  EXPECT_EQ(clean_text("ab cd", 3), "ab");
  EXPECT_EQ(clean_text("", 10), "");
}

}  // namespace
}  // namespace devices
