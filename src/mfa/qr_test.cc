#include "mfa/qr.h"

#include <gtest/gtest.h>

namespace mfa {
namespace {

// That it can be read is judged by zbarimg in tests/http/test_second_factor.py.
TEST(Qr, HoldsNothingButShapes) {
  const auto svg = qr_svg(crypto::Secret(std::string("otpauth://totp/<script>&\"'")));
  const std::string_view text = svg.expose();
  EXPECT_TRUE(text.starts_with(R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 )"));
  EXPECT_TRUE(text.ends_with("</svg>"));
  EXPECT_EQ(text.find("script"), std::string::npos);
}

TEST(Qr, TakesTheLongestUri) { EXPECT_LT(qr_svg(crypto::Secret(std::string(1000, '%'))).expose().size(), 300'000u); }

}  // namespace
}  // namespace mfa
