#include "mail/rfc5322.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "core/utf8.h"

namespace mail {
namespace {

constexpr size_t line_length = 76;
constexpr std::string_view word_begin = "=?utf-8?B?", word_end = "?=";
constexpr size_t bytes_in_word = (75 - word_begin.size() - word_end.size()) / 4 * 3;

bool is_control(char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7F; }
bool is_printable_ascii(char c) { return c >= 0x20 && c < 0x7F; }

std::string base64(std::string_view text) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t at = 0; at < text.size(); at += 3) {
    const std::string_view group = text.substr(at, 3);
    uint32_t bits = 0;
    for (size_t i = 0; i < 3; ++i) bits = bits << 8 | (i < group.size() ? static_cast<uint8_t>(group[i]) : 0);
    for (size_t i = 0; i < 4; ++i) out += i <= group.size() ? digits[bits >> (18 - 6 * i) & 63] : '=';
  }
  return out;
}

// The longest start of `text` that fits one encoded word and ends between characters.
std::string_view next_chunk(std::string_view text) {
  size_t end = 0;
  for (size_t at = 0; at < text.size() && (core::next_code_point(text, at), at <= bytes_in_word);) end = at;
  return text.substr(0, end);
}

std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (char c : name) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string name_phrase(std::string_view name) {
  return std::ranges::all_of(name, is_printable_ascii) && name.size() <= 60 ? quoted(name) : encode_words(name);
}

bool is_quoted_local_part(std::string_view local) {
  if (local.size() < 3 || !local.starts_with('"') || !local.ends_with('"')) return false;
  local = local.substr(1, local.size() - 2);
  for (size_t i = 0; i < local.size(); ++i) {
    if (local[i] == '"') return false;
    if (local[i] == '\\' && ++i == local.size()) return false;
  }
  return true;
}

}  // namespace

bool deliverable(std::string_view address) {
  const size_t at = address.rfind('@');
  if (at == address.npos || at == 0 || at + 1 == address.size() || address.size() > 320) return false;
  if (!core::count_code_points(address) || std::ranges::any_of(address, is_control) ||
      address.find_first_of("<>") != address.npos)
    return false;
  const std::string_view local = address.substr(0, at), domain = address.substr(at + 1);
  const auto holds = [](std::string_view text, std::string_view any) { return text.find_first_of(any) != text.npos; };
  return !holds(domain, " \"(),;\\@") && (is_quoted_local_part(local) || !holds(local, " \"(),:;\\@[]"));
}

std::optional<NamedAddress> parse_named_address(std::string_view text) {
  NamedAddress out;
  if (text.ends_with('>')) {
    const size_t open = text.rfind('<');
    if (open == text.npos) return std::nullopt;
    out.address = text.substr(open + 1, text.size() - open - 2);
    std::string_view name = text.substr(0, open);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (name.size() >= 2 && name.starts_with('"') && name.ends_with('"')) name = name.substr(1, name.size() - 2);
    else if (name.find_first_of("<>") != name.npos) return std::nullopt;  // a list of addresses
    out.name = name;
  } else {
    out.address = text;
  }
  if (!deliverable(out.address) || std::ranges::any_of(out.name, is_control)) return std::nullopt;
  return out;
}

std::string date_header(core::Time time) {
  constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  char out[64];
  std::snprintf(out, sizeof out, "%s, %02u %s %04d %02d:%02d:%02d +0000", days[std::chrono::weekday(day).c_encoding()],
                static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                static_cast<int>(date.year()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  return out;
}

std::string encode_words(std::string_view text) {
  std::string clean(text);
  std::ranges::replace_if(clean, is_control, ' ');
  if (clean.size() <= line_length - 10 && std::ranges::all_of(clean, is_printable_ascii) && !clean.contains("=?"))
    return clean;
  std::string out;
  for (std::string_view rest = clean; !rest.empty();) {
    const std::string_view chunk = next_chunk(rest);
    if (!out.empty()) out += "\r\n ";
    out.append(word_begin).append(base64(chunk)).append(word_end);
    rest.remove_prefix(chunk.size());
  }
  return out;
}

std::vector<std::string> header_lines(const Letter& letter, const NamedAddress& from) {
  const std::string domain = from.address.substr(from.address.rfind('@') + 1);
  return {"Date: " + date_header(letter.created_at),
          "Message-ID: <" + letter.id.str() + "@" + domain + ">",
          "From: " + (from.name.empty() ? "" : name_phrase(from.name) + " ") + "<" + from.address + ">",
          "To: <" + letter.message.to + ">",
          "Subject: " + encode_words(letter.message.subject),
          "Auto-Submitted: auto-generated",  // RFC 3834: no out-of-office answers
          "Content-Type: multipart/alternative"};
}

}  // namespace mail
