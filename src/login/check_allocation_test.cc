// The promise of the hot path: a check that memory can answer asks for no more memory.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <new>

#include "login/check_routes.h"
#include "tests/support/login_world.h"

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

namespace login {
namespace {

struct CheckAllocation : testing::Test, test::LoginWorld {
  accounts::UserId ann = add_account("ann", "a password of some length");
  std::vector<http::Route> routes = check_routes(checker);
  http::FastAnswer answer;

  const http::Route& route(std::string_view id) {
    return *std::ranges::find(routes, id, [](const http::Route& r) { return r.operation.id; });
  }
  // How often a request of the fast lane allocates; it must be answered there.
  size_t allocations_of(std::string_view id, const http::Request& request) {
    answer.headers.clear();
    answer.body.clear();
    const http::FastHandler& fast = route(id).fast;
    const size_t before = allocations;
    EXPECT_TRUE(fast(request, answer)) << id;
    return allocations - before;
  }
};

TEST_F(CheckAllocation, AnAnswerFromMemoryNeedsNone) {
  ASSERT_TRUE(access.assign(ann, {"admin", {}}, {}));
  const SignedIn signed_in = sign_in("ann@example.com", "a password of some length").value();
  const std::string authorization = "Bearer " + std::string(signed_in.access_token.expose());
  http::Request request;
  request.headers[request.header_count++] = {"Authorization", authorization};
  ASSERT_TRUE(feed.poll());
  request.received = clock.boot();
  // The first request of each kind goes to the store.
  http::Context context{.request = request, .caller = http::Caller{ann.value, signed_in.session.id.value}};
  ASSERT_TRUE(route("check").handle(context) && route("getMe").handle(context));
  for (const std::string_view query : {"", "permission=users:read", "permission=users:read&permission=roles:read"}) {
    request.query = query;
    for (const std::string_view id : {"check", "getMe"}) {
      allocations_of(id, request);
      for (int i = 0; i < 100; ++i) ASSERT_EQ(allocations_of(id, request), 0u) << id << ' ' << query;
    }
  }
}

}  // namespace
}  // namespace login

#endif
