// Owns: running a matched route: limits, guard, body rules, handler, and what becomes of errors and exceptions.
// Does not own: threads; it runs wherever it is called, which is the work lane but for begin().
// Thread rule: pure apart from what the handler does.
#pragma once
#include "http/limiter.h"
#include "http/router.h"

namespace http {

// Always an answer: errors become problems, exceptions 500 `internal` with the cause in the log.
// Without a limiter nothing is counted.
Response dispatch(const Route& route, const Request& request, Gate& gate, Limiter* limiter = nullptr);

// The same in parts, for a route that is begun on the I/O thread: what comes before the handler; the handler, where
// what was begun declined; and what is sent. It does not throw.
void begin(const Route& route, Context& context, Gate& gate, Limiter* limiter, Owed owed);
Response handle(const Route& route, Context& context);
Response response_of(Context& context, core::Result<Response> result);

// unsupported_media_type unless the body is said to be application/json in UTF-8 without an encoding.
core::Result<> check_media_type(const Request& request);

}  // namespace http
