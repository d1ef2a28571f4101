// Owns: reading a request's head (RFC 9112 sections 2 to 5) strictly, in one pass, without allocating.
// Does not own: bodies (chunked.h), sockets, or what a request means.
// Thread rule: pure function.
#pragma once
#include "core/result.h"
#include "http/message.h"

namespace http {

inline constexpr size_t max_request_line = 8 * 1024;   // with its CRLF
inline constexpr size_t max_header_bytes = 16 * 1024;  // all field lines and the empty line
inline constexpr size_t max_body = 64 * 1024;

enum class HeadState { need_more, complete, refused };
enum class Framing { none, length, chunked };
enum class Expectation { none, proceed };  // `Expect: 100-continue`

struct Head {
  HeadState state = HeadState::need_more;
  core::Code code = core::Code::malformed_request;  // when refused: answer with it and close
  size_t size = 0;                                  // bytes used, the empty line included
  Framing framing = Framing::none;
  size_t content_length = 0;  // at most max_body
  Expectation expectation = Expectation::none;
  bool old_version = false;  // HTTP/1.0: must be told when the connection is kept
};

// Reads `bytes` from the start of a request and fills method, path, query, headers and keep_alive of `out` with views
// of `bytes`. Faults are found in what has arrived, also when more is needed. Up to two empty lines before the request
// are skipped.
//
// Refused, because two readers could disagree about them: a bare CR or LF, NUL and other control characters, folded
// lines, space before the colon, an empty name, Content-Length with Transfer-Encoding or twice or not in digits,
// Transfer-Encoding other than one "chunked" or in HTTP/1.0, Host missing (1.1), twice or malformed, an absolute target
// for another host, "*" except for OPTIONS, any other version than 1.0 and 1.1, CONNECT and TRACE.
Head parse_head(std::string_view bytes, Request& out);

}  // namespace http
