#include "passwords/common_words.h"

#include <unicase.h>
#include <uninorm.h>

#include <cstdlib>
#include <memory>
#include <unordered_set>

extern "C" const char usher_common_passwords_begin[], usher_common_passwords_end[];

namespace passwords {
namespace {

using Words = std::unordered_set<std::string_view>;

Words read_words() {
  Words words;
  std::string_view rest(usher_common_passwords_begin,
                        static_cast<size_t>(usher_common_passwords_end - usher_common_passwords_begin));
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    words.insert(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  return words;
}

struct Free {
  void operator()(uint8_t* memory) const { std::free(memory); }
};

}  // namespace

std::string fold(std::string_view text) {
  size_t size = 0;
  const std::unique_ptr<uint8_t, Free> folded(
      u8_casefold(reinterpret_cast<const uint8_t*>(text.data()), text.size(), nullptr, UNINORM_NFKC, nullptr, &size));
  if (!folded) return std::string(text);
  return {reinterpret_cast<const char*>(folded.get()), size};
}

bool is_common(std::string_view folded) {
  static const Words words = read_words();
  return words.contains(folded);
}

}  // namespace passwords
