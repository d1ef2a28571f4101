#include "http/route.h"

#include "http/text.h"

namespace http {

std::string_view Context::path_value(std::string_view name) const {
  for (const auto& [key, value] : path_values)
    if (key == name) return value;
  return {};
}

std::vector<std::string> Context::query_values(std::string_view name) const {
  std::vector<std::string> values;
  std::optional<std::string_view> rest = request.query;
  while (const auto pair = next_part(rest, '&')) {
    const size_t equals = pair->find('=');
    if (decode_query(pair->substr(0, equals)) != name) continue;
    values.push_back(equals == std::string_view::npos ? "" : decode_query(pair->substr(equals + 1)));
  }
  return values;
}

std::optional<std::string> Context::query_value(std::string_view name) const {
  auto values = query_values(name);
  return values.empty() ? std::nullopt : std::optional(std::move(values.front()));
}

}  // namespace http
