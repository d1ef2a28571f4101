#include "accounts/email.h"

#include <idn2.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "core/utf8.h"

namespace accounts {
namespace {

constexpr size_t longest_address = 254, longest_local = 64, longest_domain = 253, longest_label = 63;  // octets

template <class T>
using CBuffer = std::unique_ptr<T, decltype([](void* memory) { std::free(memory); })>;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

std::string_view trim(std::string_view text) {
  const size_t start = text.find_first_not_of(" \t");
  if (start == text.npos) return {};
  return text.substr(start, text.find_last_not_of(" \t") - start + 1);
}

// Absent when `text` is not UTF-8.
std::optional<std::u32string> code_points(std::string_view text) {
  std::u32string points;
  for (size_t at = 0; at < text.size();) {
    const auto c = core::next_code_point(text, at);
    if (!c) return std::nullopt;
    points += *c;
  }
  return points;
}

std::u32string normalized(uninorm_t form, const std::u32string& text) {
  size_t length = 0;
  const CBuffer<uint32_t> result(
      u32_normalize(form, reinterpret_cast<const uint32_t*>(text.data()), text.size(), nullptr, &length));
  if (!result) return {};  // equals no local part
  return {result.get(), result.get() + length};
}

std::string utf8(const std::u32string& text) {
  size_t length = 0;
  const CBuffer<uint8_t> bytes(
      u32_to_u8(reinterpret_cast<const uint32_t*>(text.data()), text.size(), nullptr, &length));
  if (!bytes) return {};
  return {bytes.get(), bytes.get() + length};
}

bool is_mark(char32_t c) { return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Mn | UC_CATEGORY_MASK_Mc); }

// What may stand in an atom. Default ignorable code points are those that nobody sees.
bool is_atom_character(char32_t c) {
  if (c < 0x80) {
    const char ascii = static_cast<char>(c);
    return is_lower(lower(ascii)) || is_digit(ascii) ||
           (c != 0 && std::string_view("#$&'*+-/=?^_`{|}~").contains(ascii));
  }
  constexpr uint32_t words = UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_Mn | UC_CATEGORY_MASK_Mc | UC_CATEGORY_MASK_Nd;
  return uc_is_general_category_withtable(c, words) && !uc_is_property_default_ignorable_code_point(c);
}

bool is_dot_atom(const std::u32string& local) {
  bool at_start = true;
  for (const char32_t c : local) {
    if (c == U'.' ? at_start : !is_atom_character(c) || (at_start && is_mark(c))) return false;
    at_start = c == U'.';
  }
  return !at_start;
}

// Simple case folding (CaseFolding.txt, C and S), but never from another letter onto an ASCII one.
char32_t fold(char32_t c) {
  const char32_t folded = uc_tolower(uc_toupper(c));
  return folded < 0x80 && c >= 0x80 ? c : folded;
}

struct Local {
  std::string typed, key;
};
std::optional<Local> parse_local(std::string_view text) {
  if (text.empty() || text.size() > longest_local) return std::nullopt;
  const auto points = code_points(text);
  if (!points || !is_dot_atom(*points)) return std::nullopt;
  if (normalized(UNINORM_NFC, *points) != *points || normalized(UNINORM_NFKC, *points) != *points) return std::nullopt;
  std::u32string folded = *points;
  std::ranges::transform(folded, folded.begin(), fold);
  // A pair of capital and accent may have no single letter where the small ones do.
  return Local{std::string(text), utf8(normalized(UNINORM_NFC, folded))};
}

// Letters, digits and inner hyphens; `xn--` is the only prefix of its form (RFC 5890 section 2.3.1).
bool is_label(std::string_view label) {
  if (label.empty() || label.size() > longest_label || label.front() == '-' || label.back() == '-') return false;
  if (label.substr(2 <= label.size() ? 2 : label.size()).starts_with("--") && !label.starts_with("xn--")) return false;
  return std::ranges::all_of(label, [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
}

// At least two labels; the last one is not a number, so that no IPv4 address is one.
bool is_host_name(std::string_view name) {
  if (name.size() > longest_domain) return false;
  size_t labels = 0;
  std::string_view label;
  for (size_t start = 0; start <= name.size(); start += label.size() + 1, ++labels) {
    label = name.substr(start, name.find('.', start) - start);
    if (!is_label(label)) return false;
  }
  return labels >= 2 && !std::ranges::all_of(label, is_digit);
}

std::optional<std::string> to_a_labels(const std::string& domain, int flags) {
  uint8_t* output = nullptr;
  const int status = idn2_lookup_u8(reinterpret_cast<const uint8_t*>(domain.c_str()), &output, flags);
  const CBuffer<uint8_t> owned(output);
  if (status != IDN2_OK) return std::nullopt;
  std::string ascii(reinterpret_cast<const char*>(output));
  std::ranges::transform(ascii, ascii.begin(), lower);
  return ascii;
}

// The mapping of UTS 46 lets symbols through; their U-label must stand before IDNA2008 itself (RFC 5891 section 5.4).
bool is_idna2008(const std::string& ascii) {
  char* output = nullptr;
  const int status = idn2_to_unicode_8z8z(ascii.c_str(), &output, 0);
  const CBuffer<char> owned(output);
  return status == IDN2_OK && to_a_labels(output, IDN2_NFC_INPUT | IDN2_NO_TR46) == ascii;
}

std::optional<std::string> parse_domain(std::string_view text) {
  const auto points = code_points(text);
  // Capital sharp s: before Unicode 15.1 it became "ss", since then "ß", which is another domain.
  // The joiners stand where IDNA2008 allows them (appendix A of RFC 5892), which is where they are seen.
  const auto unsafe = [](char32_t c) {
    const bool joiner = c == 0x200C || c == 0x200D;
    return c <= 0x20 || c == 0x7F || c == 0x1E9E || (uc_is_property_default_ignorable_code_point(c) && !joiner);
  };
  if (!points || std::ranges::any_of(*points, unsafe)) return std::nullopt;
  auto ascii = to_a_labels(std::string(text), IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  if (!ascii || !is_host_name(*ascii)) return std::nullopt;
  if (ascii->contains("xn--") && !is_idna2008(*ascii)) return std::nullopt;
  return ascii;
}

}  // namespace

std::optional<Email> Email::parse(std::string_view text) {
  text = trim(text);
  const size_t at = text.find('@');
  // No label is longer in A-form than four times its UTF-8 form; whatever is longer than this is no address anyway.
  if (at == text.npos || text.size() > 4 * longest_address) return std::nullopt;
  const auto local = parse_local(text.substr(0, at));
  if (!local) return std::nullopt;
  const auto domain = parse_domain(text.substr(at + 1));
  if (!domain || local->typed.size() + 1 + domain->size() > longest_address) return std::nullopt;
  return Email{local->typed + "@" + *domain, local->key + "@" + *domain};
}

}  // namespace accounts
