#include "mail/rfc5322.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>

#include "core/utf8.h"

namespace mail {
namespace {

Letter letter_to(std::string to, std::string subject = "Hello") {
  return {.message = {.to = std::move(to), .subject = std::move(subject)},
          .created_at = core::from_millis(1'769'860'800'000)};
}

TEST(Header, HasTheFieldsThatMailNeeds) {
  const auto lines = header_lines(letter_to("ann@example.org"), {"Usher", "no-reply@localhost"});
  ASSERT_EQ(lines.size(), 7u);
  EXPECT_EQ(lines[0], "Date: Sat, 31 Jan 2026 12:00:00 +0000");
  EXPECT_EQ(lines[1], "Message-ID: <00000000-0000-0000-0000-000000000000@localhost>");
  EXPECT_EQ(lines[2], "From: \"Usher\" <no-reply@localhost>");
  EXPECT_EQ(lines[3], "To: <ann@example.org>");
  EXPECT_EQ(lines[4], "Subject: Hello");
}

TEST(Header, DatesFollowTheCalendar) {
  EXPECT_EQ(date_header(core::from_millis(0)), "Thu, 01 Jan 1970 00:00:00 +0000");
  EXPECT_EQ(date_header(core::from_millis(1'709'251'199'999)), "Thu, 29 Feb 2024 23:59:59 +0000");
  EXPECT_EQ(date_header(core::from_millis(1'709'251'200'000)), "Fri, 01 Mar 2024 00:00:00 +0000");
}

TEST(EncodedWords, LeaveShortAsciiAlone) {
  EXPECT_EQ(encode_words("Reset your password"), "Reset your password");
  EXPECT_EQ(encode_words(""), "");
}

TEST(EncodedWords, EncodeTheRest) {
  EXPECT_EQ(encode_words("Grüße"), "=?utf-8?B?R3LDvMOfZQ==?=");
  EXPECT_EQ(encode_words("=?utf-8?Q?x?="), "=?utf-8?B?PT91dGYtOD9RP3g/PQ==?=")
      << "what looks encoded is not taken for it";
}

// The bytes of one encoded word.
std::string decoded(std::string_view word) {
  EXPECT_TRUE(word.starts_with("=?utf-8?B?") && word.ends_with("?=")) << word;
  const std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  uint32_t bits = 0;
  int held = 0;
  for (char c : word.substr(10, word.size() - 12)) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<uint32_t>(digits.find(c));
    held += 6;
    if (held >= 8) out += static_cast<char>(bits >> (held -= 8) & 0xFF);
  }
  return out;
}

TEST(EncodedWords, LongTextsFoldBetweenCharactersAndComeBack) {
  const uint64_t seed = std::random_device()();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  std::mt19937_64 dice(seed);
  const std::vector<std::string> pieces{"a", " ", "ü", "密", "🦊", "="};
  for (int i = 0; i < 500; ++i) {
    std::string text = "ü", back;
    for (size_t n = dice() % 200; n; --n) text += pieces[dice() % pieces.size()];
    std::string_view rest;
    const std::string value = encode_words(text);
    for (rest = value; !rest.empty();) {
      const size_t end = rest.find("\r\n ");
      const std::string_view word = rest.substr(0, end);
      EXPECT_LE(word.size(), 75u);
      EXPECT_TRUE(core::count_code_points(decoded(word))) << "a character was cut";
      back += decoded(word);
      rest = end == rest.npos ? "" : rest.substr(end + 3);
    }
    EXPECT_EQ(back, text);
  }
}

// Every CR LF in a header value must begin a folded line.
void expect_no_new_field(const std::string& line) {
  for (size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '\r') {
      ASSERT_EQ(line.substr(at, 3), "\r\n ") << line;
      at += 2;
    } else {
      ASSERT_NE(line[at], '\n') << line;
    }
    ASSERT_NE(line[at], '\0');
  }
}

TEST(Header, SubjectsCannotStartAnotherField) {
  for (const std::string subject :
       {"x\r\nBcc: evil@example.org", "x\nBcc: evil@example.org", "x\rBcc: evil@example.org", "x\r\n\r\nbody",
        "ü\r\nBcc: evil@example.org", "x\v\f\x1b[31m"})
    for (const auto& line : header_lines(letter_to("a@b.c", subject), {"Usher", "u@b.c"})) expect_no_new_field(line);
  EXPECT_EQ(encode_words("x\r\nBcc: evil@example.org"), "x  Bcc: evil@example.org");
}

TEST(Deliverable, TakesOrdinaryAddresses) {
  for (const char* address : {"ann@example.org", "a+b.c_d-e@sub.example.org", "o'hara@example.org",
                              "\"a b\"@example.org", "\"a\\\"b\"@example.org", "žofie@example.org", "ann@[192.0.2.1]",
                              "a@localhost", "!#$%&'*+-/=?^_`{|}~@example.org"})
    EXPECT_TRUE(deliverable(address)) << address;
}

TEST(Deliverable, RefusesWhatWouldChangeTheEnvelope) {
  for (const auto& address : std::vector<std::string>{"",
                                                      "@",
                                                      "ann",
                                                      "ann@",
                                                      "@example.org",
                                                      "a b@example.org",
                                                      "a@b@example.org",
                                                      "ann@example.org>",
                                                      "<ann@example.org>",
                                                      "ann@example.org\r\nRCPT TO:<evil@example.org>",
                                                      "ann@example.org\nBcc: x",
                                                      "a,b@example.org",
                                                      "a@x.org,b@y.org",
                                                      "a@x.org, b@y.org",
                                                      "a@x.org b@y.org",
                                                      "\"a\"b\"@example.org",
                                                      "\"a\\\"@example.org",
                                                      "a@ex\xFFmple.org",
                                                      std::string("a\0b@example.org", 15),
                                                      "group:a@example.org;@example.org",
                                                      "\"a\nb\"@example.org"})
    EXPECT_FALSE(deliverable(address)) << address;
}

TEST(Deliverable, InjectionListsOpenNothing) {
  const char* set = std::getenv("USHER_VECTORS");
  const std::string folder = set ? set : USHER_SOURCE_DIR "/../shared/vectors";
  std::ifstream file(folder + "/naughty-strings/blns.txt");
  int cases = 0;
  for (std::string line; std::getline(file, line); ++cases)
    for (const auto& address : {line, line + "@example.org", "a@" + line})
      if (deliverable(address)) {
        EXPECT_EQ(address.find_first_of("<>\r\n\t"), std::string::npos) << address;
        for (const auto& header : header_lines(letter_to(address, line), {"", "u@b.c"})) expect_no_new_field(header);
      }
  if (!cases) GTEST_SKIP() << "skipped: no vectors";
  std::printf("%d lines ran\n", cases);
}

TEST(NamedAddress, IsReadWithAndWithoutAName) {
  EXPECT_EQ(parse_named_address("no-reply@example.org")->address, "no-reply@example.org");
  EXPECT_EQ(parse_named_address("Usher <no-reply@example.org>")->name, "Usher");
  EXPECT_EQ(parse_named_address("\"Usher, Inc.\" <no-reply@example.org>")->name, "Usher, Inc.");
  EXPECT_EQ(parse_named_address("<no-reply@example.org>")->name, "");
  for (const char* text :
       {"", "Usher", "Usher <>", "Usher <a@b.c", "a@b.c>", "Us\nher <a@b.c>", "Usher <a@b.c>, <d@e.f>"})
    EXPECT_FALSE(parse_named_address(text)) << text;
}

TEST(NamedAddress, NamesAreQuotedOrEncoded) {
  const auto from = [](std::string name) { return header_lines(letter_to("a@b.c"), {std::move(name), "u@b.c"})[2]; };
  EXPECT_EQ(from("Usher \"the\" <evil@example.org>"), "From: \"Usher \\\"the\\\" <evil@example.org>\" <u@b.c>");
  EXPECT_EQ(from("Ušer"), "From: =?utf-8?B?VcWhZXI=?= <u@b.c>");
  EXPECT_EQ(from(""), "From: <u@b.c>");
}

}  // namespace
}  // namespace mail
