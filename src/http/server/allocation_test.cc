// The promise of the fast lane: a connection that is warm answers from memory without asking for any.
#include <cstdlib>
#include <cstring>
#include <new>

#include "http/test_site.h"

// The sanitizers bring their own operator new.
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

namespace {
thread_local size_t allocations = 0;
}

void* operator new(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace http::test {
namespace {

size_t allocations_of(Connection& connection, std::string_view bytes) {
  const size_t before = allocations;
  const auto space = connection.space();
  EXPECT_GE(space.size(), bytes.size());
  std::memcpy(space.data(), bytes.data(), bytes.size());
  connection.received(bytes.size());
  EXPECT_EQ(connection.advance(), Want::read);
  EXPECT_TRUE(connection.out().starts_with("HTTP/1.1 20"));
  connection.written();
  return allocations - before;
}

TEST(FastLane, DoesNotAllocate) {
  Bench bench;
  const std::string token(700, 't');
  for (const auto& bytes : {get("/fast"), get("/fast?x=1", "Authorization: Bearer " + token + "\r\nAccept: */*\r\n"),
                            get("/fast/cached"), get("/check"), get("/fast") + get("/check") + get("/fast")}) {
    allocations_of(bench.connection(), bytes);
    for (int i = 0; i < 100; ++i) ASSERT_EQ(allocations_of(bench.connection(), bytes), 0u) << bytes;
  }
}

}  // namespace
}  // namespace http::test

#endif
