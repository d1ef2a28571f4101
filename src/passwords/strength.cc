#include "passwords/strength.h"

#include <zxcvbn.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

namespace passwords {

double guess_bits(std::string_view text) {
  // It looks at the first 100 bytes closely and ends at a NUL.
  std::string readable(text.substr(0, 256));
  std::ranges::replace(readable, '\0', '\1');
  const double bits = ZxcvbnMatch(readable.c_str(), nullptr, nullptr);
  std::ranges::fill(readable, '\0');
  return bits;
}

int strength(std::string_view text) {
  static const std::array<double, 4> bounds{std::log2(1e3), std::log2(1e6), std::log2(1e8), std::log2(1e10)};
  const double bits = guess_bits(text);
  return static_cast<int>(std::ranges::count_if(bounds, [&](double bound) { return bits >= bound; }));
}

}  // namespace passwords
