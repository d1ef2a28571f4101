#include "http/cors.h"

#include <algorithm>

namespace http {

bool is_origin(std::string_view text) {
  const size_t scheme = text.find("://");
  if (scheme == std::string_view::npos || scheme == 0) return false;
  const auto host = text.substr(scheme + 3);
  const bool plain =
      std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F && (c < 'A' || c > 'Z') && c != ','; });
  return plain && !host.empty() && host.find_first_of("/?#@*\"'\\") == std::string_view::npos;
}

bool Cors::lists(std::string_view origin) const {
  return !origin.empty() && std::ranges::find(origins_, origin) != origins_.end();
}

void Cors::append_lines(std::string& lines, const Request& request) const {
  if (!enabled()) return;
  lines += "Vary: Origin\r\n";
  const auto origin = request.header("Origin");
  if (!lists(origin)) return;
  lines.append("Access-Control-Allow-Origin: ").append(origin);
  lines +=
      "\r\nAccess-Control-Allow-Credentials: true\r\n"
      "Access-Control-Expose-Headers: X-Request-Id, Retry-After, RateLimit-Limit, RateLimit-Remaining, "
      "RateLimit-Reset, "
      "WWW-Authenticate\r\n";
}

void Cors::append_preflight_lines(std::string& lines, const Request& request, std::string_view allow) const {
  append_lines(lines, request);
  if (!lists(request.header("Origin"))) return;
  lines.append("Access-Control-Allow-Methods: ").append(allow);
  lines += "\r\nAccess-Control-Allow-Headers: Authorization, Content-Type\r\nAccess-Control-Max-Age: 600\r\n";
}

bool is_preflight(const Request& request) {
  return request.method == Method::options && !request.header("Origin").empty() &&
         !request.header("Access-Control-Request-Method").empty();
}

}  // namespace http
