// Owns: writing an answer's bytes: status line, common headers, framing (RFC 9112 section 6).
// Does not own: what is answered, or the socket.
// Thread rule: CommonHeaders and RequestIds belong to one I/O thread; the functions are pure.
#pragma once
#include <string>
#include <string_view>

#include <utility>
#include <vector>

#include "core/clock.h"
#include "http/message.h"

namespace http {

enum class Transport { plain, secure };  // secure: clients are told to stay with TLS (RFC 6797)

// The headers that every answer has, written once a second and copied as one block.
class CommonHeaders {
 public:
  explicit CommonHeaders(Transport transport) : transport_(transport) { refresh(core::Time{}); }
  // Must be called about once a second: it holds `Date`.
  void refresh(core::Time now);
  // `lines` are the answer's own: a Cache-Control, Content-Security-Policy, X-Frame-Options or Referrer-Policy in
  // them replaces the common one.
  void append_to(std::string& out, std::string_view lines) const;

 private:
  Transport transport_;
  std::string always_, block_;
};

enum class Ending { keep, keep_old_version, close };
enum class BodyPart { send, omit };  // omit: the answer to HEAD

struct Answer {
  int status = 200;
  std::string_view content_type = {};
  std::string_view lines = {};       // the answer's own headers with CRLF
  std::string_view more_lines = {};  // such as those of CORS
  std::string_view body = {};
  std::string_view id = {};
  BodyPart part = BodyPart::send;
  Ending ending = Ending::keep;
};

void append_answer(std::string& out, const CommonHeaders& common, const Answer& answer);

// Headers as lines with CRLF. One that would break out of its line is left out.
std::string header_lines(const std::vector<std::pair<std::string, std::string>>& headers);

std::string_view reason_phrase(int status);
// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7).
std::string http_date(core::Time time);

// Ids that tell requests apart: a random prefix for each thread and a counter. They are no secret.
class RequestIds {
 public:
  static constexpr size_t size = 24;
  RequestIds();
  // The next id, valid until the following call.
  std::string_view next();

 private:
  char text_[size];
  uint64_t counter_ = 0;
};

// Whether a proxy's X-Request-Id may be taken over: 1 to 64 letters, digits, dots, dashes and underscores.
bool is_request_id(std::string_view text);

}  // namespace http
