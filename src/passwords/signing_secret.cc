#include "passwords/signing_secret.h"

#include <algorithm>
#include <array>
#include <set>

#include "passwords/common_words.h"
#include "passwords/strength.h"

namespace passwords {
namespace {

constexpr size_t least_bytes = 32;  // RFC 7518 section 3.2
constexpr size_t least_different = 8;
constexpr double least_bits = 80;

// What examples and placeholders are made of, longer words first; a random text hardly holds one.
constexpr auto placeholders = std::to_array<std::string_view>(
    {"placeholder", "production", "characters", "character", "development", "keyboard", "password", "changeit",
     "changeme",    "replace",    "example",    "default",   "minimum",     "random",   "secret",   "please",
     "string",      "signing",    "access",     "refresh",   "change",      "least",    "super",    "token",
     "local",       "usher",      "bytes",      "value",     "here",        "long",     "your",     "must",
     "this",        "that",       "with",       "bits",      "byte",        "auth",     "test",     "jwt",
     "key",         "for",        "the",        "not",       "use",         "dev",      "bit"});

std::string without_placeholders(std::string text) {
  std::erase_if(text, [](char c) { return std::string_view(" .-_!").contains(c); });
  for (const auto word : placeholders)
    for (size_t at; (at = text.find(word)) != text.npos;) text.erase(at, word.size());
  return text;
}

// Whether the text is one piece over and over.
bool repeats(std::string_view text) {
  for (size_t period = 1; period <= text.size() / 2; ++period)
    if (text.substr(period) == text.substr(0, text.size() - period)) return true;
  return false;
}

}  // namespace

std::optional<std::string> weakness_of_signing_secret(std::string_view secret) {
  const std::string folded = fold(secret);
  if (is_common(folded)) return "is one of the most used passwords";
  if (secret.size() < least_bytes) return "is shorter than 32 bytes";
  if (std::set<char>(secret.begin(), secret.end()).size() < least_different)
    return "holds too few different characters";
  if (repeats(secret)) return "repeats itself";
  if (guess_bits(without_placeholders(folded)) < least_bits)
    return "can be guessed; make one with `openssl rand -base64 48`";
  return std::nullopt;
}

}  // namespace passwords
