#include "http/answer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <random>

#include "http/text.h"

namespace http {
namespace {

using std::string_view;

struct StatusLine {
  int status;
  string_view line;
};
#define USHER_STATUS(code, phrase) {code, "HTTP/1.1 " #code " " phrase "\r\n"}
constexpr std::array<StatusLine, 25> status_lines{{USHER_STATUS(200, "OK"),
                                                   USHER_STATUS(204, "No Content"),
                                                   USHER_STATUS(401, "Unauthorized"),
                                                   USHER_STATUS(201, "Created"),
                                                   USHER_STATUS(202, "Accepted"),
                                                   USHER_STATUS(301, "Moved Permanently"),
                                                   USHER_STATUS(302, "Found"),
                                                   USHER_STATUS(303, "See Other"),
                                                   USHER_STATUS(304, "Not Modified"),
                                                   USHER_STATUS(400, "Bad Request"),
                                                   USHER_STATUS(403, "Forbidden"),
                                                   USHER_STATUS(404, "Not Found"),
                                                   USHER_STATUS(405, "Method Not Allowed"),
                                                   USHER_STATUS(406, "Not Acceptable"),
                                                   USHER_STATUS(408, "Request Timeout"),
                                                   USHER_STATUS(409, "Conflict"),
                                                   USHER_STATUS(410, "Gone"),
                                                   USHER_STATUS(413, "Content Too Large"),
                                                   USHER_STATUS(414, "URI Too Long"),
                                                   USHER_STATUS(415, "Unsupported Media Type"),
                                                   USHER_STATUS(429, "Too Many Requests"),
                                                   USHER_STATUS(431, "Request Header Fields Too Large"),
                                                   USHER_STATUS(500, "Internal Server Error"),
                                                   USHER_STATUS(501, "Not Implemented"),
                                                   USHER_STATUS(503, "Service Unavailable")}};
#undef USHER_STATUS

const StatusLine* find_status(int status) {
  const auto found = std::ranges::find(status_lines, status, &StatusLine::status);
  return found == status_lines.end() ? nullptr : &*found;
}

// The common headers that an answer may replace.
struct Replaceable {
  string_view name, line;
};
constexpr std::array<Replaceable, 4> replaceable{{
    {"Cache-Control", "Cache-Control: no-store\r\n"},
    {"Content-Security-Policy", "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"},
    {"X-Frame-Options", "X-Frame-Options: DENY\r\n"},
    {"Referrer-Policy", "Referrer-Policy: no-referrer\r\n"},
}};

bool names(string_view lines, string_view name) {
  while (lines.size() > name.size()) {
    if (lines[name.size()] == ':' && equal_without_case(lines.substr(0, name.size()), name)) return true;
    const size_t end = lines.find('\n');
    if (end == string_view::npos) return false;
    lines.remove_prefix(end + 1);
  }
  return false;
}

void append_status(std::string& out, int status) {
  if (const auto* row = find_status(status)) {
    out += row->line;
    return;
  }
  out.append("HTTP/1.1 ").append(std::to_string(status)).append(" Status\r\n");
}

void append_content(std::string& out, const Answer& answer) {
  if (!answer.content_type.empty()) {
    out.append("Content-Type: ").append(answer.content_type);
    // JSON is UTF-8 by definition; some clients guess otherwise without the parameter.
    out += answer.content_type.ends_with("json") ? "; charset=utf-8\r\n" : "\r\n";
  }
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, answer.body.size()).ptr;
  out.append("Content-Length: ").append(digits, end).append("\r\n");
}

}  // namespace

void CommonHeaders::refresh(core::Time now) {
  always_ = "Date: " + http_date(now) +
            "\r\nX-Content-Type-Options: nosniff\r\nCross-Origin-Resource-Policy: same-origin\r\n";
  if (transport_ == Transport::secure) always_ += "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n";
  block_ = always_;
  for (const auto& row : replaceable) block_ += row.line;
}

void CommonHeaders::append_to(std::string& out, string_view lines) const {
  const bool replaces =
      !lines.empty() && std::ranges::any_of(replaceable, [&](const auto& row) { return names(lines, row.name); });
  if (!replaces) {
    out += block_;
    return;
  }
  out += always_;
  for (const auto& row : replaceable)
    if (!names(lines, row.name)) out += row.line;
}

void append_answer(std::string& out, const CommonHeaders& common, const Answer& answer) {
  append_status(out, answer.status);
  common.append_to(out, answer.lines);
  out += answer.lines;
  out += answer.more_lines;
  // 204 and 304 have no body and no length (RFC 9110 section 8.6).
  const bool bodiless = answer.status == 204 || answer.status == 304;
  if (!bodiless) append_content(out, answer);
  if (!answer.id.empty()) out.append("X-Request-Id: ").append(answer.id).append("\r\n");
  if (answer.ending == Ending::close) out += "Connection: close\r\n";
  if (answer.ending == Ending::keep_old_version) out += "Connection: keep-alive\r\n";
  out += "\r\n";
  if (!bodiless && answer.part == BodyPart::send) out += answer.body;
}

std::string header_lines(const std::vector<std::pair<std::string, std::string>>& headers) {
  std::string lines;
  for (const auto& [name, value] : headers) {
    const auto breaks = [](unsigned char c) { return c == '\r' || c == '\n' || c == '\0'; };
    if (name.empty() || !std::ranges::all_of(name, is_token_char) || std::ranges::any_of(value, breaks)) continue;
    lines.append(name).append(": ").append(value).append("\r\n");
  }
  return lines;
}

string_view reason_phrase(int status) {
  const auto* row = find_status(status);
  if (!row) return "";
  auto phrase = row->line.substr(13);
  phrase.remove_suffix(2);
  return phrase;
}

std::string http_date(core::Time time) {
  using namespace std::chrono;
  static constexpr std::array<const char*, 7> days_of_week{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{floor<seconds>(time - day)};
  char text[64];
  const int size =
      std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d GMT", days_of_week[weekday(day).c_encoding()],
                    static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                    static_cast<int>(date.year()), static_cast<int>(clock.hours().count()),
                    static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  return {text, static_cast<size_t>(size)};
}

RequestIds::RequestIds() {
  std::random_device random;
  constexpr string_view hex = "0123456789abcdef";
  for (size_t i = 0; i < size; i += 8)
    for (unsigned bits = random(), j = 0; j < 8; ++j, bits >>= 4) text_[i + j] = hex[bits & 15];
}

string_view RequestIds::next() {
  // The last eight digits count, which is enough to find a log line among the requests of a day.
  uint64_t left = ++counter_;
  for (size_t at = size; at-- > size - 8; left >>= 4) text_[at] = "0123456789abcdef"[left & 15];
  return {text_, size};
}

bool is_request_id(string_view text) {
  const auto accepted = [](unsigned char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20u) >= 'a' && (c | 0x20u) <= 'z') || c == '.' || c == '-' || c == '_';
  };
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, accepted);
}

}  // namespace http
