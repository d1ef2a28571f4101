#include "http/server/serve_loop.h"

namespace http {

Task<> serve_plain(Connection& connection, Socket& socket) {
  error_code error;
  socket.non_blocking(true, error);
  co_await serve(connection, socket);
  co_await linger(connection, socket);
}

}  // namespace http
