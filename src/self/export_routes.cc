#include "self/export_routes.h"

#include "sessions/session_routes.h"

namespace self {

using core::Result, http::Context, http::Response;

std::vector<http::Route> routes(Export& own_data) {
  auto made = http::route<http::NoBody, Response>(
      {.method = http::Method::get,
       .path = "/auth/me/export",
       .id = "exportMe",
       .summary = "All that is stored of the caller, but for what only a server can use.",
       .guard = http::Guard::session().recently(),
       .budget = http::Budget::mails,
       .errors = {core::Code::store_unavailable}},
      [&own_data](Context& context) -> Result<Response> {
        context.headers.emplace_back("Content-Disposition", "attachment; filename=\"account.json\"");
        return Response{.body = TRY(own_data.make(sessions::user_of(context), sessions::origin_of(context)))};
      });
  made.response_schema = [](core::Schemas&) { return std::string(R"({"type":"object"})"); };
  return {std::move(made)};
}

}  // namespace self
