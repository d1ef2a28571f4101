// Owns: which pages of other origins may call this server (Fetch standard, CORS protocol).
// Does not own: authentication; an origin that is not listed is answered, and its browser hides the answer.
// Thread rule: read only once built.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace http {

// scheme://host[:port], lower case, without a path: as a browser writes it in `Origin`. "*" and "null" are none.
bool is_origin(std::string_view text);

class Cors {
 public:
  explicit Cors(std::span<const std::string> origins) : origins_(origins.begin(), origins.end()) {}
  bool enabled() const { return !origins_.empty(); }
  // Appends the header lines for an answer to `request`: nothing while no origin is listed, `Vary: Origin` for an
  // origin that is not.
  void append_lines(std::string& lines, const Request& request) const;
  // Those for the answer to a preflight of a path that has the methods `allow` ("GET, HEAD").
  void append_preflight_lines(std::string& lines, const Request& request, std::string_view allow) const;

 private:
  bool lists(std::string_view origin) const;
  std::vector<std::string> origins_;
};

// OPTIONS with Origin and Access-Control-Request-Method.
bool is_preflight(const Request& request);

}  // namespace http
