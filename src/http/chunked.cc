#include "http/chunked.h"

#include <algorithm>

#include "http/head.h"
#include "http/text.h"

namespace http {
namespace {

// More would let a body of one-byte chunks cost far more than its data.
constexpr size_t max_overhead = 2 * max_body;
constexpr int max_digits = 8;

int hex_value(unsigned char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const unsigned lower = c | 0x20u;
  return lower >= 'a' && lower <= 'f' ? static_cast<int>(lower - 'a' + 10) : -1;
}

bool is_text(unsigned char c) { return (c >= 0x20 && c < 0x7F) || c == '\t'; }

}  // namespace

ChunkState ChunkedDecoder::feed(std::string_view bytes, size_t& used, std::string& body) {
  used = 0;
  while (used < bytes.size() && step_ != Step::done) {
    if (step_ == Step::data) {
      used += take_data(bytes.substr(used), body);
      continue;
    }
    if (++overhead_ > max_overhead) return code_ = core::Code::body_too_large, ChunkState::refused;
    if (!take(static_cast<unsigned char>(bytes[used++]))) return ChunkState::refused;
    if (left_ + body.size() > max_body) return code_ = core::Code::body_too_large, ChunkState::refused;
  }
  return step_ == Step::done ? ChunkState::complete : ChunkState::need_more;
}

size_t ChunkedDecoder::take_data(std::string_view bytes, std::string& body) {
  const size_t count = std::min(left_, bytes.size());
  body.append(bytes.data(), count);
  left_ -= count;
  if (left_ == 0) step_ = Step::data_cr;
  return count;
}

bool ChunkedDecoder::take(unsigned char c) {
  switch (step_) {
    case Step::size:
      return take_size(c);
    case Step::extension:
    case Step::quoted:
    case Step::escaped:
      return take_extension(c);
    case Step::size_lf:
      last_chunk_ = left_ == 0;
      step_ = last_chunk_ ? Step::trailer_start : Step::data;
      return c == '\n';
    case Step::data_cr:
      return step_ = Step::data_lf, c == '\r';
    case Step::data_lf:
      return step_ = Step::size, digits_ = 0, c == '\n';
    default:
      return take_trailer(c);
  }
}

bool ChunkedDecoder::take_size(unsigned char c) {
  if (const int value = hex_value(c); value >= 0) {
    left_ = left_ << 4 | static_cast<size_t>(value);
    return ++digits_ <= max_digits;
  }
  previous_ = ';';
  step_ = c == '\r' ? Step::size_lf : Step::extension;
  return digits_ > 0 && (c == '\r' || c == ';');
}

// ";" name [ "=" ( token / quoted-string ) ]; `previous_` is ';' or '=' while a token must follow, 'n' or 'v' within a
// name or a value, and '"' behind a quoted one.
bool ChunkedDecoder::take_extension(unsigned char c) {
  if (step_ == Step::escaped) return step_ = Step::quoted, is_text(c);
  if (step_ == Step::quoted) {
    if (c == '\\') step_ = Step::escaped;
    if (c == '"') step_ = Step::extension, previous_ = '"';
    return is_text(c);
  }
  const char before = previous_;
  if (is_token_char(c)) {
    previous_ = before == ';' || before == 'n' ? 'n' : 'v';
    return before != '"';
  }
  previous_ = static_cast<char>(c);
  if (c == '"') return step_ = Step::quoted, before == '=';
  if (c == '=') return before == 'n';
  if (c == '\r') step_ = Step::size_lf;
  return (c == ';' || c == '\r') && before != ';' && before != '=';
}

bool ChunkedDecoder::take_trailer(unsigned char c) {
  switch (step_) {
    case Step::trailer_start:
      step_ = c == '\r' ? Step::last_lf : Step::trailer_name;
      return c == '\r' || is_token_char(c);
    case Step::trailer_name:
      if (c == ':') step_ = Step::trailer_value;
      return c == ':' || is_token_char(c);
    case Step::trailer_value:
      if (c == '\r') step_ = Step::trailer_lf;
      return c == '\r' || is_text(c) || c >= 0x80;
    case Step::trailer_lf:
      return step_ = Step::trailer_start, c == '\n';
    default:
      return step_ = Step::done, c == '\n';
  }
}

}  // namespace http
