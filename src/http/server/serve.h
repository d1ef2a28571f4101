// Owns: moving a connection's bytes between its socket and Connection; one coroutine for each.
// Does not own: what the bytes mean (connection.h).
// Thread rule: the I/O thread of the socket's loop.
#pragma once
#include <boost/asio/ssl/context.hpp>

#include "http/server/connection.h"

namespace http {

// Both end when the connection has, or the server stops. They close the socket.
Task<> serve_plain(Connection& connection, Socket& socket);
Task<> serve_secure(Connection& connection, Socket& socket, asio::ssl::context& context);

}  // namespace http
