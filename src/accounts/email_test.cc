#include "accounts/email.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "core/utf8.h"

namespace accounts {
namespace {

std::string read_vectors(std::string_view name) {
  const char* set = std::getenv("USHER_VECTORS");
  const std::filesystem::path folder = set ? set : std::string(USHER_SOURCE_DIR) + "/../shared/vectors";
  std::ifstream file(folder / name);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string key_of(std::string_view text) {
  const auto email = Email::parse(text);
  return email ? email->key : "refused";
}
std::string address_of(std::string_view text) {
  const auto email = Email::parse(text);
  return email ? email->address : "refused";
}
bool refused(std::string_view text) { return !Email::parse(text); }
bool same_account(std::string_view first, std::string_view second) {
  const auto a = Email::parse(first), b = Email::parse(second);
  return a && b && a->key == b->key;
}

TEST(Email, KeepsTheLocalPartAsTypedAndComparesWithoutCase) {
  EXPECT_EQ(address_of(" \tJane.Doe+News@Example.ORG "), "Jane.Doe+News@example.org");
  EXPECT_EQ(key_of("Jane.Doe+News@Example.ORG"), "jane.doe+news@example.org");
  EXPECT_TRUE(same_account("JÜRGEN@example.org", "jürgen@EXAMPLE.org"));
  EXPECT_TRUE(same_account("ΣΊΣΥΦΟΣ@example.org", "σίσυφος@example.org"));
  EXPECT_TRUE(same_account("J\u030C@example.org", "\u01F0@example.org"));  // only the small letter has a single form
}

TEST(Email, LookAlikesAndTagsAreOtherAccounts) {
  EXPECT_FALSE(same_account("admin@example.org", "аdmin@example.org"));  // Cyrillic
  EXPECT_FALSE(same_account("straße@example.org", "STRASSE@example.org"));
  EXPECT_FALSE(same_account("mail@example.org", "maıl@example.org"));  // dotless
  EXPECT_FALSE(same_account("mail@example.org", "MAİL@example.org"));  // dotted
  EXPECT_FALSE(same_account("victim+tag@example.org", "victim@example.org"));
  EXPECT_FALSE(same_account("vic.tim@example.org", "victim@example.org"));
}

TEST(Email, TheDomainHasOneForm) {
  EXPECT_EQ(address_of("user@Exämple.org"), "user@xn--exmple-cua.org");
  EXPECT_EQ(address_of("user@XN--EXMPLE-CUA.org"), "user@xn--exmple-cua.org");
  EXPECT_EQ(address_of("user@exa\u0308mple.org"), "user@xn--exmple-cua.org");
  EXPECT_EQ(address_of("user@faß.de"), "user@xn--fa-hia.de");
  EXPECT_EQ(address_of("user@نامه\u200Cای.com"), "user@xn--mgba3gch31f060k.com");
  EXPECT_EQ(address_of("user@例え.テスト"), "user@xn--r8jz45g.xn--zckzah");
}

TEST(Email, WhatIsNotAPlainAddressIsRefused) {
  const std::string_view nul("attacker@attacker.test\0@victim.test", 35), inner_nul("a\0b@example.org", 15);
  for (std::string_view text :
       {std::string_view(""), std::string_view(" "), std::string_view("@"), nul, inner_nul,
        std::string_view("a@example.org\n"), std::string_view("a@example.org\r\nBcc: b@example.org"),
        std::string_view("a b@example.org"), std::string_view("a@exam ple.org")})
    EXPECT_TRUE(refused(text)) << text;
  for (const char* text : {"user@example.org.",         "user@example..org",
                           "user@.example.org",         "user@localhost",
                           "user@[127.0.0.1]",          "user@127.0.0.1",
                           "user@[IPv6:::1]",           "user@example.123",
                           "user@-example.org",         "user@example-.org",
                           "user@ex_ample.org",         "user@ab--c.org",
                           "\"user\"@example.org",      "\"e@attacker.test\"@victim.test",
                           "user(comment)@example.org", "user@(comment)example.org",
                           "<user@example.org>",        "User <user@example.org>",
                           "user@example.org>",         "user@example.org,b@example.org",
                           "a@b@example.org",           "user%other@example.org",
                           "host!user@example.org",     "@relay.org:user@example.org",
                           "user%0a@example.org",       "user:x@example.org",
                           "user;x@example.org",        "user\\x@example.org",
                           ".user@example.org",         "user.@example.org",
                           "us..er@example.org",        "mailto:u@example.org"})
    EXPECT_TRUE(refused(text)) << text;
}

TEST(Email, HiddenAndUnstableCharactersAreRefused) {
  for (const char* text : {"admin\u200B@example.org",
                           "ad\u00ADmin@example.org",
                           "admin\u200D@example.org",
                           "\uFEFFadmin@example.org",
                           "admin\u202E@example.org",
                           "admin\u2066@example.org",
                           "admin\uFE0F@example.org",
                           "a\u034Fdmin@example.org",
                           "\u3164@example.org",
                           "\u115F@example.org",
                           "admin\u0085@example.org",
                           "admin\u00A0@example.org",
                           "a\u2028@example.org",
                           "\U000E0061admin@example.org",  // tags
                           "ﬁle@example.org",
                           "ａdmin@example.org",
                           "adminſ@example.org",
                           "\u212Aelvin@example.org",
                           "a\u0308bc@example.org",
                           "\u0301admin@example.org",
                           "x.\u0301y@example.org",
                           "☃@example.org",
                           "😀@example.org",
                           "a\uE000@example.org",
                           "a\U0010FFFF@example.org",
                           "user@exa\u200Bmple.org",
                           "user@exam\u00ADple.org",
                           "user@example\u202E.org",
                           "user@☃.org",
                           "user@😀.org",
                           "user@exam\u200Dple.org",
                           "user@exam\u200Cple.org",
                           "user@xn--1ug.org",
                           "user@STRAẞE.de",
                           "user@xn--a.org",
                           "user@xn--0.org",
                           "user@xn--n3h.org",
                           "user\uFF20example.org",
                           "user@exa\uFF20mple.org",
                           "user@example.org\uFF0F",
                           "\xff@example.org",
                           "a\xc0\x80@example.org",
                           "a\xed\xa0\x80@example.org",
                           "user@\xff.org",
                           "user@xn--exmple-CUA-.org"})
    EXPECT_TRUE(refused(text)) << text;
}

TEST(Email, LengthsAreOctets) {
  const std::string label(63, 'd'), local(64, 'l');
  EXPECT_FALSE(refused(local + "@example.org"));
  EXPECT_TRUE(refused(local + "l@example.org"));
  std::string umlauts;
  for (int i = 0; i < 33; ++i) umlauts += "ä";
  EXPECT_TRUE(refused(umlauts + "@example.org"));
  EXPECT_FALSE(refused("a@" + label + ".org"));
  EXPECT_TRUE(refused("a@" + label + "d.org"));
  const std::string longest = local + "@" + label + "." + label + "." + std::string(61, 'd');
  EXPECT_EQ(longest.size(), 254u);
  EXPECT_EQ(address_of(longest), longest);
  EXPECT_TRUE(refused(longest + "d"));
  EXPECT_TRUE(refused("a@" + std::string(1'000'000, 'x')));
}

TEST(Email, TheIdentityCasesHold) {
  const std::string text = read_vectors("email/identity-cases.json");
  if (text.empty()) GTEST_SKIP() << "skipped: no vectors";
  int ran = 0, typed = 0;
  for (const auto& one : boost::json::parse(text).as_array()) {
    const auto& judged = one.at("same_account");
    const auto first = boost::json::value_to<std::string>(one.at("first"));
    if (!one.at("second").is_string()) {
      ++typed;  // arrays and objects: the body's decoder refuses them before there is a text
      continue;
    }
    ++ran;
    const auto second = boost::json::value_to<std::string>(one.at("second"));
    SCOPED_TRACE(second);
    EXPECT_FALSE(refused(first));
    if (judged.is_bool()) {
      EXPECT_EQ(same_account(first, second), judged.as_bool());
    } else if (judged.is_string()) {  // policy: sub-addresses are accounts of their own
      EXPECT_FALSE(refused(second));
      EXPECT_FALSE(same_account(first, second));
    } else if (second == first + " ") {  // "trim or reject; no second account"
      EXPECT_TRUE(same_account(first, second));
    } else {
      EXPECT_TRUE(refused(second));
    }
  }
  std::printf("%d identity cases, %d of another JSON type\n", ran, typed);
  EXPECT_EQ(ran + typed, 15);
}

TEST(Email, EveryErrorThatIsemailKnowsIsRefused) {
  const std::map<std::string, std::string> examples = {
      {"EXPECTING_DTEXT", "a@[1.2.3.4[]"},
      {"NOLOCALPART", "@example.org"},
      {"NODOMAIN", "a@"},
      {"CONSECUTIVEDOTS", "a..b@example.org"},
      {"ATEXT_AFTER_CFWS", "a (x) b@example.org"},
      {"ATEXT_AFTER_QS", "\"a\"b@example.org"},
      {"ATEXT_AFTER_DOMLIT", "a@[1.2.3.4]x"},
      {"EXPECTING_QPAIR", "\"a\\\xc3\xa4\"@example.org"},
      {"EXPECTING_ATEXT", "a[b@example.org"},
      {"EXPECTING_QTEXT", std::string("\"a\0\"@example.org", 16)},
      {"EXPECTING_CTEXT", std::string("(\0)a@example.org", 16)},
      {"BACKSLASHEND", "a@example.org\\"},
      {"DOT_START", ".a@example.org"},
      {"DOT_END", "a.@example.org"},
      {"DOMAINHYPHENSTART", "a@-example.org"},
      {"DOMAINHYPHENEND", "a@example-.org"},
      {"UNCLOSEDQUOTEDSTR", "\"a@example.org"},
      {"UNCLOSEDCOMMENT", "(a@example.org"},
      {"UNCLOSEDDOMLIT", "a@[1.2.3.4"},
      {"FWS_CRLF_X2", "a@example.org\r\n\r\n "},
      {"FWS_CRLF_END", "a@example.org\r\n"},
      {"CR_NO_LF", "a\r@example.org"},
  };
  for (const auto& [error, text] : examples) EXPECT_TRUE(refused(text)) << error;
  const std::string meta = read_vectors("email/isemail-meta.xml");
  if (meta.empty()) GTEST_SKIP() << "skipped: no vectors";
  std::set<std::string> known;
  const std::string prefix = "<item id=\"ISEMAIL_ERR_";
  for (size_t at = 0; (at = meta.find(prefix, at)) != meta.npos;) {
    at += prefix.size();
    known.insert(meta.substr(at, meta.find('"', at) - at));
  }
  for (const auto& error : known) EXPECT_TRUE(examples.contains(error)) << error;
  std::printf("%zu errors of isemail\n", known.size());
  EXPECT_EQ(known.size(), examples.size());
}

TEST(Email, DisagreesWithWebBrowsersOnDomainsOnlyByRefusing) {
  const std::string text = read_vectors("unicode/wpt-toascii.json");
  if (text.empty()) GTEST_SKIP() << "skipped: no vectors";
  int ran = 0, agree = 0, refusals = 0;
  for (const auto& one : boost::json::parse(text).as_array()) {
    if (!one.is_object()) continue;
    ++ran;
    // Most cases are single labels, which are no domain for mail.
    auto domain = [](const boost::json::value& value) {
      return "a@" + boost::json::value_to<std::string>(value) + ".example";
    };
    const std::string expected = one.at("output").is_null() ? "refused" : domain(one.at("output"));
    const std::string actual = address_of(domain(one.at("input")));
    if (actual == expected) ++agree;
    else if (actual == "refused") ++refusals;
    else ADD_FAILURE() << one.at("input") << ": " << actual << " instead of " << expected;
  }
  std::printf("%d domains, %d as in browsers, %d refused\n", ran, agree, refusals);
  EXPECT_GT(ran, 50);
}

// Code points of the files of the Unicode database, "0061 0308".
std::string sequence(const std::string& hex) {
  std::string text;
  std::istringstream words(hex);
  for (std::string word; words >> word;) {
    const auto c = static_cast<char32_t>(std::stoul(word, nullptr, 16));
    if (c < 0x80) text += static_cast<char>(c);
    else if (c < 0x800) text += {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
    else if (c < 0x10000)
      text += {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)),
               static_cast<char>(0x80 | (c & 63))};
    else
      text += {static_cast<char>(0xF0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 63)),
               static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
  }
  return text;
}

TEST(Email, CaseIsFoldedAsUnicodeSays) {
  std::istringstream file(read_vectors("unicode/CaseFolding.txt"));
  int folded = 0, other = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::string from = line.substr(0, line.find(';'));
    const char status = line[from.size() + 2];
    const std::string to = line.substr(from.size() + 5, line.find(';', from.size() + 5) - from.size() - 5);
    const std::string first = "x" + sequence(from) + "@example.org", second = "x" + sequence(to) + "@example.org";
    if (refused(first) || refused(second)) continue;
    const bool simple = status == 'C' || status == 'S';
    EXPECT_EQ(same_account(first, second), simple) << line;
    ++(simple ? folded : other);
  }
  if (folded == 0) GTEST_SKIP() << "skipped: no vectors";
  std::printf("%d simple foldings, %d full or Turkic ones that are not made\n", folded, other);
  EXPECT_GT(folded, 1000);
}

TEST(Email, NoTwoWaysToWriteTheSameLetters) {
  std::istringstream file(read_vectors("unicode/NormalizationTest.txt"));
  int ran = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#' || line[0] == '@') continue;
    std::vector<std::string> forms;  // source, NFC, NFD, NFKC, NFKD
    std::istringstream columns(line);
    for (std::string column; forms.size() < 5 && std::getline(columns, column, ';');) forms.push_back(sequence(column));
    ++ran;
    std::set<std::string> accepted;
    for (const auto& form : forms) {
      if (const auto email = Email::parse("x" + form + "@example.org")) accepted.insert(email->address);
    }
    EXPECT_LE(accepted.size(), 1u) << line;
  }
  if (ran == 0) GTEST_SKIP() << "skipped: no vectors";
  std::printf("%d normalisation rows\n", ran);
}

TEST(Email, NaughtyStringsAreRefusedOrCleanInNoTime) {
  std::istringstream file(read_vectors("naughty-strings/blns.txt"));
  int ran = 0, accepted = 0;
  for (std::string line; std::getline(file, line);) {
    for (const auto& text : {line, line + "@example.org", "user@" + line, "user@" + line + ".org"}) {
      ++ran;
      const auto start = std::chrono::steady_clock::now();
      const auto email = Email::parse(text);
      EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(100)) << text;
      if (!email) continue;
      ++accepted;
      EXPECT_EQ(std::ranges::count(email->address, '@'), 1);
      EXPECT_EQ(email->address.find_first_of("\r\n \t\"<>(),:;\\"), std::string::npos) << text;
    }
  }
  if (ran == 0) GTEST_SKIP() << "skipped: no vectors";
  std::printf("%d texts, %d of them addresses\n", ran, accepted);
}

TEST(Email, ParsingTheAddressOrTheKeyAgainChangesNothing) {
  const unsigned seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  const char* const parts[] = {"a", "B", "ä", "Ä", ".",    "-", "+",       "@",  "org", "ß",
                               "Σ", "ς", "ı", "İ", "xn--", "é", "e\u0301", "例", "1",   "\u200B"};
  int accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (int n = 1 + random() % 8; n > 0; --n) text += parts[random() % std::size(parts)];
    const auto email = Email::parse(i % 2 ? text : text + "@b." + text + ".org");
    if (!email) continue;
    ++accepted;
    EXPECT_EQ(address_of(email->address), email->address);
    EXPECT_EQ(key_of(email->address), email->key);
    EXPECT_EQ(key_of(email->key), email->key) << email->address;
  }
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace accounts
