// Calls a route's handler as the server would after the gate let the caller in.
#pragma once
#include <algorithm>
#include <stdexcept>

#include "http/route.h"

namespace test {

struct Call {
  std::string body = {}, query = {};
  std::vector<std::pair<std::string_view, std::string>> path = {};
};

class RouteCaller {
 public:
  explicit RouteCaller(std::vector<http::Route> routes) : routes_(std::move(routes)) {}

  core::Result<http::Response> operator()(std::string_view id, core::Uuid user, const Call& call = {}) const {
    http::Request request;
    request.body = call.body;
    request.query = call.query;
    request.client = "198.51.100.4";
    request.id = "request-1";
    core::Uuid session;
    session.bytes[0] = 0x5e;
    http::Context context{.request = request, .caller = http::Caller{user, session}, .path_values = call.path};
    return find(id).handle(context);
  }
  const http::Route& find(std::string_view id) const {
    const auto at = std::ranges::find_if(routes_, [&](const http::Route& route) { return route.operation.id == id; });
    if (at == routes_.end()) throw std::out_of_range("no route " + std::string(id));
    return *at;
  }
  const std::vector<http::Route>& all() const { return routes_; }

 private:
  std::vector<http::Route> routes_;
};

}  // namespace test
