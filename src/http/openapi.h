// Owns: the descriptions that are generated from the route table: openapi.json, routes.md and the reference page.
// Does not own: the table.
// Thread rule: pure functions; the same table gives the same bytes.
#pragma once
#include <span>

#include "http/route.h"

namespace http {

struct ApiTitle {
  std::string title = "Usher";
  std::string version = "0.1.0";
};

// OpenAPI 3.1.0 with every operation, schema, error code and the bearer scheme.
std::string openapi_json(std::span<const Route> routes, const ApiTitle& title);
// A Markdown table, one line for each route.
std::string routes_markdown(std::span<const Route> routes);
// One HTML page without scripts or anything to be loaded.
std::string docs_page(std::span<const Route> routes, const ApiTitle& title);
// What the page needs instead of the common Content-Security-Policy.
std::string docs_content_security_policy();

// GET /openapi.json and GET /docs for `routes` and for themselves, answered from memory.
std::vector<Route> reference_routes(std::span<const Route> routes, const ApiTitle& title);

// Every code that the operation can answer with: its own, and those that its guard, body and lane imply. Sorted by
// status and then as in errors.def.
std::vector<core::Code> error_codes(const Route& route);
// The names in braces.
std::vector<std::string_view> path_parameters(std::string_view path);

}  // namespace http
