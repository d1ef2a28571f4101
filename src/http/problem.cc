#include "http/problem.h"

#include <algorithm>
#include <array>

#include "core/log.h"
#include "core/utf8.h"
#include "http/text.h"

namespace http {
namespace {

using core::Code;

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":";
  core::append_json_string(out, value);
}

void append_fields(std::string& out, const std::vector<core::FieldError>& fields) {
  out += R"(,"errors":[)";
  for (const auto& field : fields) {
    if (out.back() != '[') out += ',';
    out += R"({"field":)";
    core::append_json_string(out, field.field);
    append_member(out, "code", field.code);
    append_member(out, "message", field.message);
    out += '}';
  }
  out += ']';
}

// `methods` are names with a space between.
void append_methods(std::string& out, std::string_view methods) {
  out += R"(,"methods":[)";
  for (std::optional<std::string_view> rest = methods; const auto method = next_part(rest, ' ');) {
    if (out.back() != '[') out += ',';
    core::append_json_string(out, *method);
  }
  out += ']';
}

// Refused authorization and tokens that somebody made up are worth a look (ASVS 16.3.2, 16.3.3); wrong input is not.
core::Level level_of(const core::Error& error) {
  const int status = core::row(error.code).status;
  if (status == 500) return core::Level::error;
  if (status == 503) return core::Level::warn;
  constexpr std::array security{Code::permission_denied, Code::token_invalid, Code::rate_limited,
                                Code::too_many_attempts};
  return std::ranges::find(security, error.code) != security.end() ? core::Level::info : core::Level::debug;
}

void log_problem(const core::Error& error, const Request& request) {
  const auto& row = core::row(error.code);
  const auto level = level_of(error);
  if (!core::logs(level)) return;
  core::log(level, "request refused",
            {{"code", row.name},
             {"status", row.status},
             {"request", request.id},
             {"method", to_text(request.method)},
             {"path", request.path},
             {"cause", error.cause}});
}

}  // namespace

std::string problem_json(const core::Error& error, std::string_view request_id) {
  const auto& row = core::row(error.code);
  std::string out = R"({"type":"urn:usher:error:)";
  out.append(row.name).append("\"");
  append_member(out, "title", row.title);
  out.append(",\"status\":").append(std::to_string(row.status));
  append_member(out, "code", row.name);
  append_member(out, "detail", error.detail.empty() ? row.title : std::string_view(error.detail));
  append_member(out, "requestId", request_id);
  if (!error.fields.empty()) append_fields(out, error.fields);
  if (error.code == Code::step_up_required) append_methods(out, error.reason);
  else if (!error.reason.empty())
    append_member(out, error.code == Code::permission_denied ? "permission" : "reason", error.reason);
  return out + '}';
}

std::string_view problem_lines(Code code) {
  const int status = core::row(code).status;
  if (status == 503) return "Retry-After: 1\r\n";
  if (status != 401) return "";
  // Without credentials there is nothing to say about them (RFC 6750 section 3.1).
  if (code == Code::token_missing || code == Code::invalid_credentials)
    return "WWW-Authenticate: Bearer realm=\"usher\"\r\n";
  if (code == Code::token_malformed) return "WWW-Authenticate: Bearer realm=\"usher\", error=\"invalid_request\"\r\n";
  return "WWW-Authenticate: Bearer realm=\"usher\", error=\"invalid_token\"\r\n";
}

Response problem(const core::Error& error, const Request& request) {
  log_problem(error, request);
  Response out{.status = core::row(error.code).status,
               .body = problem_json(error, request.id),
               .content_type = std::string(problem_type)};
  if (auto line = problem_lines(error.code); !line.empty()) {
    const size_t colon = line.find(':');
    line.remove_suffix(2);
    out.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  if (error.retry_after.count() > 0) out.headers.emplace_back("Retry-After", std::to_string(error.retry_after.count()));
  return out;
}

void write_problem(const core::Error& error, const Request& request, FastAnswer& answer) {
  log_problem(error, request);
  answer.status = core::row(error.code).status;
  answer.content_type = problem_type;
  answer.headers.append(problem_lines(error.code));
  answer.body = problem_json(error, request.id);
}

}  // namespace http
