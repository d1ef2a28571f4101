#include "http/dispatch.h"

#include <gtest/gtest.h>

namespace http {
namespace {

struct EveryoneMay final : Gate {
  core::Result<Caller> admit(const Request&, const Guard&) override { return Caller{}; }
};

struct OneLeft final : Limiter {
  std::optional<Spent> spend(Budget budget, std::string_view client) override {
    if (client == "exempt") return std::nullopt;
    spent.push_back(budget);
    if (spent.size() == 1) return Spent{.limit = 1, .left = 0, .full_in = core::Seconds(60)};
    return Spent{.allowed = false, .limit = 1, .full_in = core::Seconds(59), .retry_in = core::Seconds(58)};
  }
  std::vector<Budget> spent;
};

struct Dispatch : testing::Test {
  EveryoneMay gate;
  OneLeft limiter;
  int handled = 0;

  Response call(Budget budget, Lane lane = Lane::work, std::string_view client = "192.0.2.1") {
    const Route made = route<NoBody, NoBody>({.method = Method::post,
                                              .path = "/x",
                                              .id = "x",
                                              .summary = "X.",
                                              .guard = Guard::open(),
                                              .status = 204,
                                              .lane = lane,
                                              .budget = budget},
                                             [this](Context&) -> core::Result<NoBody> { return ++handled, NoBody{}; });
    return dispatch(made, {.method = Method::post, .path = "/x", .client = client}, gate, &limiter);
  }
  static std::string header(const Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
      if (key == name) return value;
    return "";
  }
};

TEST_F(Dispatch, WhatIsLeftIsToldAndWhatIsTooMuchRefused) {
  const auto first = call(Budget::sign_ins), second = call(Budget::sign_ins);
  EXPECT_EQ(first.status, 204);
  EXPECT_EQ(header(first, "RateLimit-Limit") + ' ' + header(first, "RateLimit-Remaining") + ' ' +
                header(first, "RateLimit-Reset"),
            "1 0 60");
  EXPECT_EQ(header(first, "Retry-After"), "");
  EXPECT_EQ(second.status, 429);
  EXPECT_NE(second.body.find("rate_limited"), std::string::npos);
  EXPECT_EQ(header(second, "RateLimit-Remaining") + ' ' + header(second, "Retry-After"), "0 58");
  EXPECT_EQ(handled, 1);
  EXPECT_EQ(limiter.spent, (std::vector{Budget::sign_ins, Budget::sign_ins}));
}

TEST_F(Dispatch, SomeAreNotCounted) {
  EXPECT_EQ(call(Budget::none).headers.size(), 0u);
  EXPECT_EQ(call(Budget::calls, Lane::fast).headers.size(), 0u) << "a fast route that missed its memory";
  EXPECT_EQ(call(Budget::calls, Lane::work, "exempt").headers.size(), 0u);
  EXPECT_EQ(handled, 3);
}

TEST_F(Dispatch, WhatIsBegunAndLeftToAWorkerCountsOnce) {
  auto made =
      route<NoBody, NoBody>({.method = Method::post, .path = "/x", .id = "x", .summary = "X.", .guard = Guard::open()},
                            [this](Context&) -> core::Result<NoBody> { return ++handled, NoBody{}; });
  made.later = [](Context&, Owed owed) { owed.decline(); };
  const Request request{.method = Method::post, .path = "/x", .client = "192.0.2.1"};
  Context context{.request = request, .caller = std::nullopt};
  std::vector<core::Code> given;
  const auto begin_it = [&] {
    begin(made, context, gate, &limiter,
          Owed([&](auto answer) { given.push_back(answer ? answer->error().code : core::Code{}); }));
  };
  begin_it();
  const auto response = handle(made, context);
  EXPECT_EQ(header(response, "RateLimit-Remaining"), "0");
  EXPECT_EQ(handled, 1);
  begin_it();
  EXPECT_EQ(limiter.spent.size(), 2u);
  EXPECT_EQ(given, (std::vector{core::Code{}, core::Code::rate_limited}));
}

}  // namespace
}  // namespace http
