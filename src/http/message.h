// Owns: a request as views into the connection's buffer, and a response as values.
// Does not own: reading and writing them (server/).
// Thread rule: a Request is used by one thread at a time and lives until its answer is written.
#pragma once
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/id.h"

namespace http {

enum class Method { get, head, post, put, patch, delete_, options, trace, connect };
std::string_view to_text(Method method);

struct Header {
  std::string_view name, value;
};

struct Request {
  Method method = Method::get;
  std::string_view path, query;  // as sent, not decoded; `query` without '?'
  std::string_view body;
  std::string_view client;  // the client's address, after trusted proxies were taken into account
  std::string_view id;      // of this request: shown as X-Request-Id, logged, audited
  core::Millis received{};  // Clock::boot() when its last byte had arrived
  bool keep_alive = true;

  // The value of the only such header, compared without case; empty when there is none.
  std::string_view header(std::string_view name) const;
  size_t count(std::string_view name) const;

  static constexpr size_t max_headers = 100;
  std::array<Header, max_headers> headers;
  size_t header_count = 0;
};

struct Response {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers = {};
};

// An answer of the fast lane. The strings keep their memory between requests.
struct FastAnswer {
  int status = 200;
  std::string_view content_type = "application/json";
  std::string headers;  // whole lines with CRLF, without the common ones
  std::string body;
};

// Who asks, once the gate has let them in.
struct Caller {
  core::Uuid user, session;
  std::optional<core::Uuid> impersonator = {};  // the user who acts in the name of `user`
};

}  // namespace http
