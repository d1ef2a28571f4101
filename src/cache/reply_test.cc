#include "cache/reply.h"

#include <gtest/gtest.h>

namespace cache {
namespace {

// Everything in `bytes`, fed `at_once` bytes at a time.
std::vector<Reply> read(std::string_view bytes, size_t at_once) {
  ReplyReader reader;
  std::vector<Reply> all;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(at_once, bytes.size()))) {
    reader.feed(bytes.substr(0, at_once));
    for (;;) {
      auto reply = reader.next();
      if (!reply || !*reply) break;
      all.push_back(std::move(**reply));
    }
  }
  return all;
}

TEST(Reply, CommandsAreArraysOfBulkStrings) {
  const std::string_view words[] = {"SET", "a\r\nb", ""};
  EXPECT_EQ(encode_command(words), "*3\r\n$3\r\nSET\r\n$4\r\na\r\nb\r\n$0\r\n\r\n");
}

TEST(Reply, EveryTypeIsReadHoweverItArrives) {
  const std::string bytes = "+OK\r\n-ERR no\r\n:-7\r\n$4\r\na\r\nb\r\n$-1\r\n*-1\r\n*2\r\n*1\r\n:1\r\n$0\r\n\r\n";
  for (const size_t at_once : {1u, 2u, 7u, 1000u}) {
    const auto all = read(bytes, at_once);
    ASSERT_EQ(all.size(), 7u) << at_once;
    EXPECT_TRUE(all[0].is_text() && all[0].text == "OK");
    EXPECT_TRUE(all[1].type == Reply::Type::error && all[1].text == "ERR no");
    EXPECT_TRUE(all[2].type == Reply::Type::number && all[2].number == -7);
    EXPECT_TRUE(all[3].is_text() && all[3].text == "a\r\nb");
    EXPECT_TRUE(all[4].is_nil() && all[5].is_nil());
    ASSERT_EQ(all[6].list.size(), 2u);
    EXPECT_EQ(all[6].list[0].list[0].number, 1);
    EXPECT_TRUE(all[6].list[1].is_text() && all[6].list[1].text.empty());
  }
}

TEST(Reply, GarbageIsAnErrorAndStaysOne) {
  std::string deep;
  for (int i = 0; i <= ReplyReader::most_depth; ++i) deep += "*1\r\n";
  for (const std::string& bytes :
       {std::string("HTTP/1.1 400 Bad Request\r\n"), std::string("?1\r\n"), std::string("\r\n"), std::string(":x\r\n"),
        std::string(":1 \r\n"), std::string("$x\r\n"), std::string("$-2\r\n"), std::string("$1\r\nabc\r\n"),
        std::string("$99999999999\r\n"), std::string("*-2\r\n"), std::string("*1\r\n!\r\n"), deep}) {
    ReplyReader reader;
    reader.feed(bytes);
    EXPECT_FALSE(reader.next()) << bytes;
    reader.feed("+OK\r\n");
    EXPECT_FALSE(reader.next()) << bytes;
  }
}

TEST(Reply, WhatIsAnnouncedTakesNoMemoryUntilItArrives) {
  for (const char* announced : {"*9223372036854775807\r\n", "*2147483647\r\n*2147483647\r\n", "$4000000\r\n"}) {
    ReplyReader reader;
    reader.feed(announced);
    const auto reply = reader.next();
    ASSERT_TRUE(reply) << announced;
    EXPECT_FALSE(*reply);
  }
}

TEST(Reply, WhatNeverEndsIsGivenUp) {
  ReplyReader reader;
  for (size_t i = 0; i <= ReplyReader::most_bytes; i += 1 << 20) {
    ASSERT_TRUE(reader.next());
    reader.feed(std::string(1 << 20, '+'));
  }
  EXPECT_FALSE(reader.next());
}

}  // namespace
}  // namespace cache
