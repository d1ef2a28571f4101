// Owns: how an error is shown to a caller: RFC 9457 problem details, and the headers that belong to its status.
// Does not own: the errors themselves (core/errors.def).
// Thread rule: pure functions, apart from the log line.
#pragma once
#include "core/result.h"
#include "http/message.h"

namespace http {

inline constexpr std::string_view problem_type = "application/problem+json";

// {type, title, status, code, detail?, requestId, errors?, reason? | permission?}; the cause is not in it.
std::string problem_json(const core::Error& error, std::string_view request_id);
// WWW-Authenticate for a 401 (RFC 6750 section 3), Retry-After for a 503, Allow is the router's; lines with CRLF.
std::string_view problem_lines(core::Code code);

// The whole answer. Logs the error with its cause and the request's id: 5xx (but 501) as an error, others for
// debugging.
Response problem(const core::Error& error, const Request& request);
// The same for a handler of the fast lane.
void write_problem(const core::Error& error, const Request& request, FastAnswer& answer);

}  // namespace http
