#include "http/head.h"

#include <cstring>
#include <optional>

#include "http/text.h"

namespace http {
namespace {

using core::Code;
using std::string_view;

constexpr size_t max_length_digits = 18;  // fits 64 bits
constexpr int max_empty_lines = 2;        // some clients send one behind a body, and one more before a request

struct Named {
  string_view text;
  Method method;
};
constexpr std::array<Named, 9> methods{{{"GET", Method::get},
                                        {"POST", Method::post},
                                        {"HEAD", Method::head},
                                        {"PUT", Method::put},
                                        {"PATCH", Method::patch},
                                        {"DELETE", Method::delete_},
                                        {"OPTIONS", Method::options},
                                        {"TRACE", Method::trace},
                                        {"CONNECT", Method::connect}}};

// Visible ASCII without '#', which never belongs to a target (RFC 9112 section 3.2).
bool is_target_char(unsigned char c) { return c > 0x20 && c < 0x7F && c != '#'; }

// Tab, space, visible ASCII and the bytes above, which RFC 9110 section 5.5 leaves to the field.
bool is_value_char(unsigned char c) { return (c >= 0x20 && c != 0x7F) || c == '\t'; }

// The number of bytes at `text` that are certainly value characters, counted eight at a time.
size_t skip_plain(string_view text) {
  constexpr uint64_t ones = 0x0101010101010101, highs = 0x8080808080808080;
  size_t at = 0;
  for (uint64_t word; at + 8 <= text.size(); at += 8) {
    std::memcpy(&word, text.data() + at, 8);
    const uint64_t below_space = (word - ones * 0x20) & ~word;
    const uint64_t deleted = word ^ (ones * 0x7F);
    if ((below_space | ((deleted - ones) & ~deleted)) & highs) break;
  }
  return at;
}

bool is_host_char(unsigned char c) {
  return (c >= '0' && c <= '9') || ((c | 0x20u) >= 'a' && (c | 0x20u) <= 'z') ||
         (c && string_view("-._~!$&'()*+,;=%").find(static_cast<char>(c)) != string_view::npos);
}

// uri-host [ ":" port ] (RFC 3986 section 3.2.2).
bool is_host(string_view host) {
  size_t at = 0;
  if (host.starts_with('[')) {
    at = host.find(']');
    if (at == string_view::npos || at < 3) return false;
    if (host.substr(1, at - 1).find_first_not_of("0123456789abcdefABCDEF:.") != string_view::npos) return false;
    ++at;
  } else {
    while (at < host.size() && is_host_char(static_cast<unsigned char>(host[at]))) ++at;
    if (at == 0) return false;
  }
  if (at == host.size()) return true;
  if (host[at] != ':') return false;
  const auto port = host.substr(at + 1);
  return port.size() <= 5 && port.find_first_not_of("0123456789") == string_view::npos;
}

// One pass over one head. A step returns false when it stopped: head_.state says why.
class HeadParser {
 public:
  HeadParser(string_view bytes, Request& out) : bytes_(bytes), out_(out) {}

  Head run() {
    out_.header_count = 0;
    out_.method = Method::get;
    out_.path = out_.query = out_.body = {};
    if (skip_empty_lines() && request_line() && fields()) {
      head_.size = at_;
      check_whole();
    }
    return head_;
  }

 private:
  bool refuse(Code code = Code::malformed_request) {
    head_.state = HeadState::refused;
    head_.code = code;
    return false;
  }
  // The bytes ran out inside of a part that may have `limit` bytes from `start` on.
  bool need_more(size_t start, size_t limit, Code too_long) {
    if (at_ - start >= limit) return refuse(too_long);
    head_.state = HeadState::need_more;
    return false;
  }
  bool more_of_line() { return need_more(line_, max_request_line, Code::uri_too_long); }
  bool more_of_fields() { return need_more(fields_, max_header_bytes, Code::headers_too_large); }
  bool ended() const { return at_ >= bytes_.size(); }
  unsigned char current() const { return static_cast<unsigned char>(bytes_[at_]); }

  template <class F>
  string_view take_while(F accepts) {
    const size_t start = at_;
    while (!ended() && accepts(current())) ++at_;
    return bytes_.substr(start, at_ - start);
  }

  bool skip_empty_lines() {
    for (int lines = 0; lines < max_empty_lines && at_ < bytes_.size() && current() == '\r'; ++lines) {
      if (at_ + 1 == bytes_.size()) return false;
      if (bytes_[at_ + 1] != '\n') return refuse();
      at_ = line_ = at_ + 2;
    }
    return true;
  }

  bool request_line() {
    const auto method = take_while(is_token_char);
    if (ended()) return more_of_line();
    if (method.empty() || bytes_[at_++] != ' ') return refuse();
    const auto target = take_while(is_target_char);
    if (ended()) return more_of_line();
    if (target.empty() || bytes_[at_++] != ' ') return refuse();
    if (!version()) return false;
    if (at_ - line_ > max_request_line) return refuse(Code::uri_too_long);
    fields_ = at_;
    return read_method(method) && read_target(target);
  }

  bool version() {
    static constexpr string_view expected = "HTTP/1.x\r\n";
    for (size_t i = 0; i < expected.size(); ++i, ++at_) {
      if (ended()) return more_of_line();
      if (i == 7 ? bytes_[at_] != '0' && bytes_[at_] != '1' : bytes_[at_] != expected[i]) return refuse();
      if (i == 7) head_.old_version = bytes_[at_] == '0';
    }
    return true;
  }

  bool read_method(string_view text) {
    for (const auto& row : methods) {
      if (row.text != text) continue;
      out_.method = row.method;
      const bool refused = row.method == Method::connect || row.method == Method::trace;
      return !refused || refuse(Code::method_not_allowed);
    }
    return refuse(Code::method_not_implemented);
  }

  bool read_target(string_view target) {
    if (target == "*") return out_.method == Method::options ? split(target) : refuse();
    if (target.front() == '/') return split(target);
    const size_t scheme = target.find("://");
    if (scheme == string_view::npos) return refuse();
    const auto name = target.substr(0, scheme);
    if (!equal_without_case(name, "http") && !equal_without_case(name, "https")) return refuse();
    target.remove_prefix(scheme + 3);
    const size_t end = std::min(target.find_first_of("/?"), target.size());
    target_host_ = target.substr(0, end);
    if (!is_host(target_host_)) return refuse();
    return split(target.substr(end));
  }

  bool split(string_view target) {
    const size_t question = target.find('?');
    out_.path = target.substr(0, question);
    if (out_.path.empty()) out_.path = "/";
    out_.query = question == string_view::npos ? string_view{} : target.substr(question + 1);
    return true;
  }

  bool fields() {
    for (;;) {
      if (ended()) return more_of_fields();
      if (current() == '\r') break;
      if (!field()) return false;
    }
    if (!line_end()) return false;
    return at_ - fields_ <= max_header_bytes || refuse(Code::headers_too_large);
  }

  bool line_end() {
    if (++at_, ended()) return more_of_fields();
    return bytes_[at_++] == '\n' || refuse();
  }

  bool field() {
    const auto name = take_while(is_token_char);
    if (ended()) return more_of_fields();
    if (name.empty() || bytes_[at_++] != ':') return refuse();
    const size_t start = at_;
    do at_ += skip_plain(bytes_.substr(at_));
    while (!take_while([left = 8](unsigned char c) mutable { return left-- && is_value_char(c); }).empty());
    if (ended()) return more_of_fields();
    if (current() != '\r') return refuse();
    const auto value = trim(bytes_.substr(start, at_ - start));
    if (!line_end()) return false;
    if (out_.header_count == Request::max_headers) return refuse(Code::headers_too_large);
    out_.headers[out_.header_count++] = {name, value};
    return read_field(name, value);
  }

  // The fields that frame the message or say where it is for.
  bool read_field(string_view name, string_view value) {
    switch (name.size()) {
      case 4:
        return !equal_without_case(name, "Host") || host(value);
      case 6:
        return !equal_without_case(name, "Expect") || expect(value);
      case 10:
        return !equal_without_case(name, "Connection") || connection(value);
      case 14:
        return !equal_without_case(name, "Content-Length") || content_length(value);
      case 17:
        return !equal_without_case(name, "Transfer-Encoding") || transfer_encoding(value);
      default:
        return true;
    }
  }

  bool host(string_view value) {
    if (host_ || !is_host(value)) return refuse();
    host_ = value;
    return true;
  }
  bool expect(string_view value) {
    if (!equal_without_case(value, "100-continue")) return refuse();
    head_.expectation = Expectation::proceed;
    return true;
  }
  bool connection(string_view value) {
    std::optional<string_view> rest = value;
    while (const auto option = next_part(rest, ',')) {
      close_ |= equal_without_case(*option, "close");
      keep_ |= equal_without_case(*option, "keep-alive");
    }
    return true;
  }
  bool content_length(string_view value) {
    if (head_.framing != Framing::none || value.empty() || value.size() > max_length_digits) return refuse();
    for (const char c : value) {
      if (c < '0' || c > '9') return refuse();
      head_.content_length = head_.content_length * 10 + static_cast<size_t>(c - '0');
    }
    head_.framing = Framing::length;
    return true;
  }
  bool transfer_encoding(string_view value) {
    if (head_.framing != Framing::none || head_.old_version || !equal_without_case(value, "chunked")) return refuse();
    head_.framing = Framing::chunked;
    return true;
  }

  void check_whole() {
    if (!host_ && !head_.old_version) return void(refuse());
    if (!target_host_.empty() && (!host_ || !equal_without_case(*host_, target_host_))) return void(refuse());
    if (head_.content_length > max_body) return void(refuse(Code::body_too_large));
    out_.keep_alive = !close_ && (!head_.old_version || keep_);
    head_.state = HeadState::complete;
  }

  string_view bytes_;
  Request& out_;
  Head head_;
  size_t at_ = 0, line_ = 0, fields_ = 0;
  std::optional<string_view> host_;
  string_view target_host_;
  bool close_ = false, keep_ = false;
};

}  // namespace

Head parse_head(string_view bytes, Request& out) { return HeadParser(bytes, out).run(); }

}  // namespace http
