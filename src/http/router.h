// Owns: which route answers a method and a path, and the counters of each route.
// Does not own: running it (dispatch.h).
// Thread rule: read only once created; counting is safe from any thread.
#pragma once
#include <memory>
#include <unordered_map>

#include "core/metrics.h"
#include "http/route.h"

namespace http {

// Made before the first request, so that counting looks nothing up.
class RouteCounters {
 public:
  RouteCounters(core::Metrics& metrics, std::string_view route);
  void count(int status) const { by_class_[static_cast<size_t>(status / 100 - 2) & 3]->add(); }

 private:
  std::array<core::Counter*, 4> by_class_;  // 2xx to 5xx
};

struct Entry {
  Route route;
  RouteCounters counters;
  core::Histogram* work_seconds;  // of the work lane; null for a route that never goes there
};

enum class Found { route, options, not_found, method_not_allowed };

class Router {
 public:
  // validation_failed when two routes share method and path or an id, or a path is malformed.
  static core::Result<std::unique_ptr<Router>> create(std::vector<Route> routes, core::Metrics& metrics);

  struct Match {
    Found found = Found::not_found;
    const Entry* entry = nullptr;  // set for Found::route
    std::string_view allow = {};   // the methods of the path, empty for not_found
  };
  // Does not allocate. HEAD finds GET's route. Another slash at the end is another path.
  Match find(const Request& request) const;

  // The decoded values of the path's parameters. Absent when one is malformed, holds NUL or is not UTF-8.
  static std::optional<std::vector<std::pair<std::string_view, std::string>>> path_values(std::string_view pattern,
                                                                                          std::string_view path);
  const std::vector<std::unique_ptr<Entry>>& entries() const { return entries_; }

 private:
  struct Path {
    std::string_view pattern;
    std::array<const Entry*, 9> by_method{};
    const Entry* any_method = nullptr;
    std::string allow;
  };
  core::Result<> add(Route route, core::Metrics& metrics);
  Path& path_of(std::string_view pattern);
  void finish();
  const Path* find_path(std::string_view path) const;

  std::vector<std::unique_ptr<Entry>> entries_;
  std::vector<std::unique_ptr<Path>> paths_;
  std::unordered_map<std::string_view, const Path*> fixed_;
  std::vector<const Path*> with_parameters_;
};

}  // namespace http
