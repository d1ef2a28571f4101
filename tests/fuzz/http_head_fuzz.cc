// Feeds the head parser and the chunk decoder. The same bytes must be read the same way whole and cut in two.
#include <cstdlib>

#include "http/chunked.h"
#include "http/head.h"

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

bool within(std::string_view part, std::string_view whole) {
  return part.empty() || part == "/" ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void read_chunks(std::string_view bytes, size_t cut) {
  http::ChunkedDecoder whole, parts;
  std::string body, pieces;
  size_t used = 0, first = 0, second = 0;
  const auto expected = whole.feed(bytes, used, body);
  auto state = parts.feed(bytes.substr(0, cut), first, pieces);
  if (state == http::ChunkState::need_more) state = parts.feed(bytes.substr(cut), second, pieces);
  check(state == expected);
  if (expected != http::ChunkState::refused)
    check(used == first + second && body == pieces && body.size() <= http::max_body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static http::Request request, again;
  const auto head = http::parse_head(bytes, request);
  if (head.state == http::HeadState::complete) {
    check(head.size <= size && head.content_length <= http::max_body);
    check(within(request.path, bytes) && within(request.query, bytes));
    for (size_t i = 0; i < request.header_count; ++i)
      check(within(request.headers[i].name, bytes) && within(request.headers[i].value, bytes));
    // Less than the whole head is never enough, and what is behind it changes nothing.
    check(http::parse_head(bytes.substr(0, head.size - 1), again).state == http::HeadState::need_more);
    check(http::parse_head(bytes.substr(0, head.size), again).state == http::HeadState::complete);
    read_chunks(bytes.substr(head.size), (size - head.size) / 2);
  }
  read_chunks(bytes, size / 2);
  return 0;
}
