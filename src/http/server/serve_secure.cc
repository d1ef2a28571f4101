#include <boost/asio/ssl/stream.hpp>

#include "http/server/serve_loop.h"

namespace http {

Task<> serve_secure(Connection& connection, Socket& socket, asio::ssl::context& context) {
  asio::ssl::stream<Socket&> stream(socket, context);
  error_code error;
  connection.enter(Phase::head);
  co_await stream.async_handshake(asio::ssl::stream_base::server, asio::redirect_error(awaiting, error));
  if (error) co_return;
  connection.enter(Phase::idle);
  co_await serve(connection, stream);
  connection.enter(Phase::closing);
  co_await stream.async_shutdown(asio::redirect_error(awaiting, error));
  co_await linger(connection, socket);
}

}  // namespace http
