#include "http/chunked.h"

#include <gtest/gtest.h>

#include "http/head.h"

namespace http {
namespace {

struct Outcome {
  ChunkState state;
  std::string body;
  size_t used = 0;
  bool operator==(const Outcome&) const = default;
};

Outcome decode(std::string_view bytes, size_t piece) {
  ChunkedDecoder decoder;
  Outcome out{.state = ChunkState::need_more, .body = {}};
  while (out.state == ChunkState::need_more && out.used < bytes.size()) {
    size_t used = 0;
    out.state = decoder.feed(bytes.substr(out.used, piece), used, out.body);
    out.used += used;
  }
  return out;
}

TEST(Chunked, DecodesWholeAndByByte) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"0\r\n\r\n", ""},
      {"5\r\nhello\r\n6\r\n world\r\n000\r\n\r\n", "hello world"},
      {"A;name=value;other=\"a; \\\"b\";flag\r\n0123456789\r\n0;x\r\n\r\n", "0123456789"},
      {"1\r\na\r\n0\r\nTrailer: x\r\nOther:\r\n\r\n", "a"},
      {"0000000a\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
  };
  for (const auto& [bytes, body] : cases)
    for (const size_t piece : {size_t{1}, size_t{3}, size_t{1000}}) {
      const auto out = decode(bytes + "NEXT", piece);
      EXPECT_EQ(out.state, ChunkState::complete) << bytes;
      EXPECT_EQ(out.body, body);
      EXPECT_EQ(out.used, bytes.size());
    }
}

TEST(Chunked, RefusesWhatIsNotExact) {
  for (const std::string bytes : {"\r\n",         ";x\r\n",         "g\r\n",         "0x1\r\na\r\n",
                                  "+1\r\na\r\n",  "-1\r\n",         " 1\r\na\r\n",   "1 \r\na\r\n",
                                  "1\n",          "1\r\r\n",        "1\ra\r\n",      "1;\r\na\r\n",
                                  "1;=x\r\n",     "1; x\r\n",       "1;a=\r\n",      "1;a=\"b\r\n",
                                  "1;a\"b\"\r\n", "1;a=\"b\"c\r\n", "1;a\n\r\n",     "1;a\rb\r\n",
                                  "1\r\nab\r\n",  "1\r\na\n0\r\n",  "1\r\na\r0\r\n", "000000001\r\na\r\n",
                                  "ffffffff\r\n", "0\r\nx\r\n\r\n", "0\r\n: x\r\n",  "0\r\nX: a\nY: b\r\n",
                                  "0\r\n\ra"})
    for (const size_t piece : {size_t{1}, size_t{1000}})
      EXPECT_EQ(decode(bytes, piece).state, ChunkState::refused) << bytes;
}

TEST(Chunked, HoldsTheBodyLimit) {
  const auto chunk = [](size_t size) {
    char text[16];
    std::snprintf(text, sizeof text, "%zx\r\n", size);
    return text + std::string(size, 'x') + "\r\n";
  };
  EXPECT_EQ(decode(chunk(max_body) + "0\r\n\r\n", 4096).state, ChunkState::complete);
  EXPECT_EQ(decode(chunk(max_body) + "1\r\n", 4096).state, ChunkState::refused);
  EXPECT_EQ(decode("10001\r\n", 100).state, ChunkState::refused);
}

TEST(Chunked, BoundsWhatIsNotData) {
  std::string bytes;
  for (int i = 0; i < 40'000; ++i) bytes += "1;aa\r\nx\r\n";
  EXPECT_EQ(decode(bytes, 4096).state, ChunkState::refused);
  EXPECT_EQ(decode("1;" + std::string(200'000, 'a'), 4096).state, ChunkState::refused);
}

}  // namespace
}  // namespace http
