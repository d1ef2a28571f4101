#include "passwords/policy.h"

#include <algorithm>
#include <array>

#include "core/fields.h"
#include "passwords/common_words.h"
#include "passwords/strength.h"

namespace passwords {
namespace {

// "Anna-Maria" and "anna maria" are one word.
std::string without_separators(std::string text) {
  std::erase_if(text, [](char c) { return std::string_view(" .-_+'@").contains(c); });
  return text;
}

bool is_own_word(const std::string& folded, const OwnWords& own) {
  const std::string_view local = own.email.substr(0, own.email.rfind('@'));
  const std::string first(own.first_name), last(own.last_name);
  const std::array<std::string, 6> words{std::string(local), std::string(own.email), first, last, first + last,
                                         last + first};
  const std::string bare = without_separators(folded);
  return !bare.empty() &&
         std::ranges::any_of(words, [&](const std::string& word) { return without_separators(fold(word)) == bare; });
}

}  // namespace

core::Result<> check(const crypto::Secret& password, const OwnWords& own, int64_t min_strength,
                     std::string_view field) {
  const auto refuse = [&](std::string code, std::string message) {
    return core::fail_field(std::string(field), std::move(code), std::move(message), core::Code::password_rejected);
  };
  const size_t length = core::count_code_points(password.expose()).value_or(password.size());
  if (length < shortest) return refuse("too_short", "must have at least 8 characters");
  if (length > longest) return refuse("too_long", "must have at most 256 characters");
  const std::string folded = fold(password.expose());
  if (is_common(folded)) return refuse("too_common", "is one of the most used passwords");
  if (is_own_word(folded, own)) return refuse("own_words", "must not be the name or the address of the account");
  if (strength(password.expose()) < min_strength) return refuse("too_weak", "is too easy to guess");
  return {};
}

}  // namespace passwords
