// Owns: the user's own sessions over HTTP.
#pragma once
#include "http/route.h"
#include "sessions/checker.h"
#include "sessions/session_service.h"

namespace sessions {

// Who calls, behind a guard that asks for a session.
inline accounts::UserId user_of(const http::Context& context) { return accounts::UserId{context.caller->user}; }
inline SessionId session_of(const http::Context& context) { return SessionId{context.caller->session}; }
// Where a call comes from, for the record.
audit::Origin origin_of(const http::Context& context);
// The same of a call that signs in by `device`.
audit::Origin origin_of(const http::Context& context, const devices::Device& device);

// `limit` and `cursor` of a list of sessions. validation_failed.
core::Result<Page> read_page(const http::Context& context);
// "1767225600000.0197…": the last row's activity and id.
std::string to_cursor(const Session& last);

std::vector<http::Route> routes(core::Transactor& transactor, Service& service, NearCache& near);

}  // namespace sessions
