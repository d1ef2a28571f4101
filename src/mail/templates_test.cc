#include "mail/templates.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

#include "core/utf8.h"

namespace mail {
namespace {

const Letterhead head{.public_url = "https://usher.test"};
const core::Time noon = core::from_millis(1'769'860'800'000);  // 2026-01-31T12:00:00Z

std::string vectors() {
  const char* set = std::getenv("USHER_VECTORS");
  return set ? set : USHER_SOURCE_DIR "/../shared/vectors";
}

std::vector<std::string> naughty_strings() {
  std::ifstream file(vectors() + "/naughty-strings/blns.json");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  std::vector<std::string> out;
  if (text.empty()) return out;
  for (const auto& item : boost::json::parse(text).as_array()) out.emplace_back(item.as_string());
  return out;
}

std::vector<Message> all_letters(const std::string& inserted = "Chrome on macOS") {
  const crypto::Secret code(std::string("012345"));
  return {verification_code(head, "a@b.c", code, std::chrono::minutes(10)),
          already_registered(head, "a@b.c"),
          password_reset_code(head, "a@b.c", code, std::chrono::minutes(10)),
          password_changed(head, "a@b.c", noon),
          session_ended_for_reuse(head, "a@b.c", inserted, "203.0.113.7", noon),
          second_factor_added(head, "a@b.c", noon),
          second_factor_removed(head, "a@b.c", noon),
          step_up_code(head, "a@b.c", code, std::chrono::minutes(10)),
          recovery_code_used(head, "a@b.c", 9, noon),
          recovery_codes_replaced(head, "a@b.c", noon),
          roles_changed(head, "a@b.c", inserted, noon),
          approval_asked(head, "a@b.c", inserted, "203.0.113.7", noon),
          sign_in_code(head, "a@b.c", code, std::chrono::minutes(10)),
          password_reset_demanded(head, "a@b.c", code, std::chrono::minutes(10)),
          password_reset_demanded(head, "a@b.c", std::nullopt, std::chrono::minutes(10)),
          email_change_code_old(head, "a@b.c", code, std::chrono::minutes(10)),
          email_change_code_new(head, "a@b.c", code, std::chrono::minutes(10)),
          email_in_use(head, "a@b.c"),
          email_changed(head, "a@b.c", noon),
          account_deletion_asked(head, "a@b.c", noon),
          account_deleted(head, "a@b.c", noon),
          unusual_sign_in(head, "a@b.c", {inserted, "203.0.113.7", noon, "new_device"}, code)};
}

size_t count(std::string_view text, std::string_view part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

TEST(Templates, SayTheSameInBothParts) {
  const auto letters = all_letters();
  for (size_t i : {0u, 2u}) {
    EXPECT_EQ(count(letters[i].text, "012345"), 1u);
    EXPECT_EQ(count(letters[i].html, "012345"), 1u);
    EXPECT_NE(letters[i].text.find("10 minutes"), std::string::npos);
    EXPECT_NE(letters[i].html.find("10 minutes"), std::string::npos);
    EXPECT_EQ(letters[i].subject.find("012345"), std::string::npos) << "lock screens show subjects";
  }
  for (const auto* part : {&letters[4].text, &letters[4].html})
    for (const char* fact : {"Chrome on macOS", "203.0.113.7", "2026-01-31 12:00 UTC"})
      EXPECT_NE(part->find(fact), std::string::npos) << fact;
  EXPECT_NE(letters[3].text.find("2026-01-31 12:00 UTC"), std::string::npos);
}

TEST(Templates, LinkOnlyToThePublicUrlAndLoadNothing) {
  for (const Message& letter : all_letters()) {
    const size_t not_me = count(letter.html, "href=\"https://usher.test/auth/not-me?token=");
    EXPECT_EQ(count(letter.html, "href="), count(letter.html, "href=\"https://usher.test\"") + not_me)
        << letter.subject;
    EXPECT_EQ(count(letter.html, "://"), 2 + not_me) << "the link and its text";
    for (const char* loading : {"src=", "url(", "<script", "<link", "<img", "@import"})
      EXPECT_EQ(count(letter.html, loading), 0u) << loading;
  }
}

TEST(Templates, AreAccessibleAndFitBothColourSchemes) {
  for (const Message& letter : all_letters()) {
    for (const char* part : {"lang=\"en\"", "<title>", "<h1", "color-scheme", "light dark", "role=\"article\""})
      EXPECT_NE(letter.html.find(part), std::string::npos) << part;
    EXPECT_EQ(letter.html.find("background"), std::string::npos) << "a fixed background fights dark mode";
  }
}

TEST(Templates, LinesAreShortEnoughForMail) {
  for (const Message& letter : all_letters())
    for (size_t begin = 0, end; (end = letter.html.find('\n', begin)) != std::string::npos; begin = end + 1)
      EXPECT_LT(end - begin, 998u);
}

TEST(Templates, EscapeWhatIsInserted) {
  const auto letter = all_letters("<img src=x onerror=\"alert('1')\">&amp;")[4];
  EXPECT_NE(letter.html.find("&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp;"), std::string::npos);
  EXPECT_NE(letter.text.find("<img src=x onerror=\"alert('1')\">&amp;"), std::string::npos);
}

TEST(Templates, WhatIsInsertedStaysOnItsLine) {
  const auto plain = all_letters()[4], letter = all_letters("Chrome\r\n\r\nYour code is 1\u2028x\u202Ey\u0085z")[4];
  EXPECT_EQ(count(letter.text, "\n"), count(plain.text, "\n"));
  EXPECT_NE(letter.text.find("Chrome    Your code is 1 x y z"), std::string::npos);
}

TEST(Templates, NaughtyStringsChangeNoTag) {
  const auto strings = naughty_strings();
  if (strings.empty()) GTEST_SKIP() << "skipped: no vectors";
  const auto plain = all_letters()[4];
  for (const auto& naughty : strings) {
    const auto letter = all_letters(naughty.empty() ? "-" : naughty)[4];
    EXPECT_EQ(count(letter.html, "<"), count(plain.html, "<")) << naughty;
    EXPECT_EQ(count(letter.html, "\n"), count(plain.html, "\n")) << naughty;
    EXPECT_EQ(count(letter.text, "\n"), count(plain.text, "\n")) << naughty;
    EXPECT_TRUE(core::count_code_points(letter.html)) << naughty;
    EXPECT_EQ(letter.subject, plain.subject);
  }
  std::printf("%zu naughty strings ran\n", strings.size());
}

TEST(OneLine, CutsBetweenCharacters) {
  EXPECT_EQ(one_line("žžžž", 2), "žž…");
  EXPECT_EQ(one_line("žž", 2), "žž");
  EXPECT_EQ(one_line("a\xFFz"), "a z");
  EXPECT_EQ(one_line(""), "");
}

TEST(Masked, KeepsTheFirstCharacterAndTheDomain) {
  EXPECT_EQ(masked("anna@example.org"), "a***@example.org");
  EXPECT_EQ(masked("žofie@example.org"), "ž***@example.org");
  EXPECT_EQ(masked("@x"), "***@x");
  EXPECT_EQ(masked("nonsense"), "***");
}

}  // namespace
}  // namespace mail
