#include "http/router.h"

#include <algorithm>

#include "core/utf8.h"
#include "http/text.h"

namespace http {
namespace {

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }

// The segment at the front, which is removed with its slash.
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  const size_t end = std::min(path.find('/'), path.size());
  const auto segment = path.substr(0, end);
  path.remove_prefix(end);
  return segment;
}

bool matches(std::string_view pattern, std::string_view path) {
  while (!pattern.empty() && !path.empty()) {
    const auto expected = take_segment(pattern), given = take_segment(path);
    if (is_parameter(expected) ? given.empty() : expected != given) return false;
  }
  return pattern.empty() && path.empty();
}

// Orders "/users/me/x" before "/users/{id}/x": the first difference decides, and a name beats a parameter.
std::string rank(std::string_view pattern) {
  std::string out;
  while (!pattern.empty()) out += is_parameter(take_segment(pattern)) ? 'b' : 'a';
  return out;
}

std::string class_label(std::string_view route, int status_class) {
  return "route=\"" + std::string(route) + "\",status=\"" + std::to_string(status_class) + "xx\"";
}

}  // namespace

RouteCounters::RouteCounters(core::Metrics& metrics, std::string_view route) {
  for (int status_class = 2; status_class <= 5; ++status_class)
    by_class_[static_cast<size_t>(status_class - 2)] =
        &metrics.counter("usher_http_requests_total", "Requests answered, by route and class of status.",
                         class_label(route, status_class));
}

core::Result<std::unique_ptr<Router>> Router::create(std::vector<Route> routes, core::Metrics& metrics) {
  auto router = std::make_unique<Router>();
  for (auto& route : routes) TRY(router->add(std::move(route), metrics));
  router->finish();
  return router;
}

core::Result<> Router::add(Route route, core::Metrics& metrics) {
  const Operation& operation = route.operation;
  const auto refuse = [&](std::string_view sentence) {
    return core::fail(core::Code::validation_failed,
                      "route " + std::string(operation.id) + ' ' + std::string(sentence));
  };
  if (!operation.path.starts_with('/') || operation.id.empty())
    return refuse("needs a path that starts with / and an id");
  if (route.later && !operation.guard.is_open()) return refuse("is begun before its guard could be asked");
  const auto same_id = [&](const auto& entry) { return entry->route.operation.id == operation.id; };
  if (std::ranges::any_of(entries_, same_id)) return refuse("is declared twice");
  Path& path = path_of(operation.path);
  auto& slot = path.by_method[static_cast<size_t>(operation.method)];
  if (slot) return refuse("has the method and path of " + std::string(slot->route.operation.id));

  RouteCounters counters(metrics, operation.id);
  auto* seconds = &metrics.histogram("usher_http_work_seconds", "Time a request was worked on.",
                                     "route=\"" + std::string(operation.id) + '"');
  const bool any_method = operation.any_method_when_forwarded;
  slot = entries_.emplace_back(std::make_unique<Entry>(Entry{std::move(route), counters, seconds})).get();
  if (any_method) path.any_method = slot;
  return {};
}

Router::Path& Router::path_of(std::string_view pattern) {
  for (const auto& path : paths_)
    if (path->pattern == pattern) return *path;
  paths_.push_back(std::make_unique<Path>());
  paths_.back()->pattern = pattern;
  return *paths_.back();
}

void Router::finish() {
  for (const auto& path : paths_) {
    auto& head = path->by_method[static_cast<size_t>(Method::head)];
    if (!head) head = path->by_method[static_cast<size_t>(Method::get)];
    for (size_t i = 0; i < path->by_method.size(); ++i)
      if (path->by_method[i]) path->allow.append(to_text(static_cast<Method>(i))).append(", ");
    if (!path->by_method[static_cast<size_t>(Method::options)]) path->allow += "OPTIONS";
    else path->allow.resize(path->allow.size() - 2);
    if (path->pattern.find('{') == std::string_view::npos) fixed_[path->pattern] = path.get();
    else with_parameters_.push_back(path.get());
  }
  std::ranges::sort(with_parameters_, {},
                    [](const Path* path) { return std::pair(rank(path->pattern), path->pattern); });
}

const Router::Path* Router::find_path(std::string_view path) const {
  if (const auto found = fixed_.find(path); found != fixed_.end()) return found->second;
  if (!path.starts_with('/')) return nullptr;
  const auto found = std::ranges::find_if(with_parameters_, [&](const Path* p) { return matches(p->pattern, path); });
  return found == with_parameters_.end() ? nullptr : *found;
}

Router::Match Router::find(const Request& request) const {
  const Path* path = find_path(request.path);
  if (!path)
    return {request.path == "*" ? Found::options : Found::not_found, nullptr, request.path == "*" ? "OPTIONS" : ""};
  if (const Entry* entry = path->by_method[static_cast<size_t>(request.method)])
    return {Found::route, entry, path->allow};
  if (path->any_method && request.count("X-Forwarded-Method")) return {Found::route, path->any_method, path->allow};
  return {request.method == Method::options ? Found::options : Found::method_not_allowed, nullptr, path->allow};
}

std::optional<std::vector<std::pair<std::string_view, std::string>>> Router::path_values(std::string_view pattern,
                                                                                         std::string_view path) {
  std::vector<std::pair<std::string_view, std::string>> values;
  while (!pattern.empty() && !path.empty()) {
    const auto name = take_segment(pattern), given = take_segment(path);
    if (!is_parameter(name)) continue;
    auto value = decode_percent(given);
    if (!value || value->find('\0') != std::string::npos || !core::count_code_points(*value)) return std::nullopt;
    values.emplace_back(name.substr(1, name.size() - 2), std::move(*value));
  }
  return values;
}

}  // namespace http
